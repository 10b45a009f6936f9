using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Journal;

/// <summary>One attempt that was granted to this agent and is not forgotten yet.</summary>
/// <param name="Key">The attempt.</param>
/// <param name="Number">The task's small number.</param>
/// <param name="Spec">What to run.</param>
/// <param name="End">Its last report, once it is over and while nobody has acknowledged that.</param>
/// <param name="Redelivers">Set when it runs nothing and only delivers what an earlier attempt has left.</param>
internal sealed record JournalledAttempt(AttemptKey Key, long Number, TaskSpec Spec, AttemptReport? End = null, KeptOutput? Redelivers = null)
{
    /// <summary>Whether another message than its own has brought it.</summary>
    public bool ByAnother { get; init; }
}
