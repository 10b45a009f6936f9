using Scitq.Contracts;

namespace Scitq.Agent.Attempts;

/// <summary>What the end of a command means for its attempt.</summary>
/// <param name="Failure">The class of its failure; null when it did what it should.</param>
/// <param name="Reason">Why it failed, in one line.</param>
/// <param name="Note">What is also said at the end of the task's stderr, where people look first; or null.</param>
/// <param name="Warnings">What its user should know besides.</param>
internal sealed record Verdict(FailureClass? Failure, string? Reason, string? Note, IReadOnlyList<string> Warnings);
