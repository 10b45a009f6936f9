using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Api.WorkerActions;

/// <summary>What came of an action with one worker.</summary>
/// <param name="Problem">Why it was not done; null when it was.</param>
/// <param name="Note">What is still to come of it.</param>
/// <param name="Order">The order that was given.</param>
internal sealed record WorkerOutcome(string? Problem = null, string? Note = null, OrderRow? Order = null)
{
    /// <summary>It is no longer there.</summary>
    public static readonly WorkerOutcome Gone = new("it has left.");
}
