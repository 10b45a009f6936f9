using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Workers;

/// <summary>An attempt that a worker holds by the table; its user may want it stopped, for good or to begin anew.</summary>
internal sealed record HeldLease(
    Guid TaskId, int Attempt, Guid? Lease, bool StopRequested, DateTime? Accepted, int? Redelivers, double? Granted, Guid? Holder,
    TaskState State, int PauseTurn, bool KillRequested)
{
    public AttemptKey Key => new(TaskId, Attempt, Lease ?? Guid.Empty);

    /// <summary>What its user wants: whether it is to stand still.</summary>
    public PauseAttempt Pause => new(Key, PauseTurn % 2 == 1, PauseTurn);
}
