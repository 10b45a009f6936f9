namespace Scitq.Coordinator.Tasks;

/// <summary>What a user's message does not say itself, and its door knows.</summary>
/// <param name="By">The account it came from, for the history; null when that is not known.</param>
/// <param name="Requirements">What a submission requires, resolved.</param>
internal sealed record Origin(string? By, IReadOnlyList<RequirementRow>? Requirements = null);
