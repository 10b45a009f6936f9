using Scitq.Contracts.Messages;

namespace Scitq.Agent.Logs;

/// <summary>What became of an attempt's output.</summary>
/// <param name="Stdout">Stored length of stdout.</param>
/// <param name="Stderr">Stored length of stderr.</param>
/// <param name="Inline">What travels with the end.</param>
/// <param name="Lost">What its user should know of output that could not be read.</param>
internal sealed record CollectedOutput(long Stdout, long Stderr, IReadOnlyList<OutputChunk> Inline, IReadOnlyList<string> Lost);
