namespace Scitq.Coordinator.Tasks;

/// <summary>What one event is answered.</summary>
/// <param name="Lease">The lease that a claim was given.</param>
/// <param name="Refusal">Why a claim was given none, or an update is not possible.</param>
/// <param name="Done">Whether what a user asked for is done, or will be.</param>
internal readonly record struct TaskAnswer(Guid? Lease = null, string? Refusal = null, bool Done = false);
