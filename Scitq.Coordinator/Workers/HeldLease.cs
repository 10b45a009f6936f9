using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Workers;

/// <summary>An attempt that a worker holds by the table.</summary>
internal sealed record HeldLease(
    Guid TaskId, int Attempt, Guid? Lease, bool CancelRequested, DateTime? Accepted, int? Redelivers, double? Granted, Guid? Holder)
{
    public AttemptKey Key => new(TaskId, Attempt, Lease ?? Guid.Empty);
}
