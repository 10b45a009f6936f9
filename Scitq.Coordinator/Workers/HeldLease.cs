using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Workers;

/// <summary>An attempt that a worker holds by the table; its user may want it stopped, for good or to begin anew.</summary>
internal sealed record HeldLease(
    Guid TaskId, int Attempt, Guid? Lease, bool StopRequested, DateTime? Accepted, int? Redelivers, double? Granted, Guid? Holder)
{
    public AttemptKey Key => new(TaskId, Attempt, Lease ?? Guid.Empty);
}
