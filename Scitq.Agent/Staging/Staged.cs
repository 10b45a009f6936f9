namespace Scitq.Agent.Staging;

/// <summary>What was brought.</summary>
/// <param name="Bytes">Bytes fetched for this attempt.</param>
/// <param name="Warnings">What its user should know.</param>
internal sealed record Staged(long Bytes, IReadOnlyList<string> Warnings);
