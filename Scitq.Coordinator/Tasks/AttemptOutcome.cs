namespace Scitq.Coordinator.Tasks;

/// <summary>How an attempt ended, as text in the database.</summary>
internal enum AttemptOutcome
{
    Succeeded,
    Failed,
    Lost,
    Released,
    Cancelled,
}
