using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Workers;

/// <summary>An attempt that a worker holds by the table.</summary>
internal sealed record HeldLease(
    Guid TaskId, int Attempt, Guid? Lease, bool CancelRequested, DateTime? Accepted, int? Redelivers, double? Granted, Guid? Holder,
    TaskState State, int PauseTurn, bool KillRequested)
{
    public AttemptKey Key => new(TaskId, Attempt, Lease ?? Guid.Empty);

    /// <summary>What its user wants: whether it is to stand still.</summary>
    public PauseAttempt Pause => new(Key, PauseTurn % 2 == 1, PauseTurn);
}
