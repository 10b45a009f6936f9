namespace Scitq.Coordinator.Tasks;

/// <summary>An end that is recorded, or was noted as late.</summary>
/// <param name="Attempt">The attempt's number.</param>
/// <param name="Lease">Its lease; null for one that was noted as late.</param>
/// <param name="Finished">When it ended, as its worker says; null for one that was noted as late.</param>
internal sealed record RecordedEnd(int Attempt, Guid? Lease, DateTime? Finished);
