using Scitq.Contracts.Messages;

namespace Scitq.Agent.Journal;

/// <summary>Output that an earlier attempt has left here.</summary>
/// <param name="Attempts">As whose it may be kept, the last one first.</param>
/// <param name="ExitCode">How the command had ended.</param>
internal sealed record KeptOutput(IReadOnlyList<AttemptKey> Attempts, int? ExitCode);
