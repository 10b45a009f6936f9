using Scitq.Coordinator.Batches;

namespace Scitq.Coordinator.Tasks;

/// <summary>What one group of events changes.</summary>
internal sealed class TaskChanges
{
    public List<TaskSaga> Inserts { get; } = [];

    /// <summary>Rows whose version was already counted up.</summary>
    public List<TaskSaga> Updates { get; } = [];

    /// <summary>The same, of which the specification, the batch or the name changes too.</summary>
    public List<TaskSaga> Respecified { get; } = [];

    /// <summary>Tasks whose requirements so far are forgotten.</summary>
    public List<Guid> Unrequired { get; } = [];

    public List<AttemptRow> Attempts { get; } = [];

    public List<TaskEventRow> Events { get; } = [];

    public List<RequirementRow> Requirements { get; } = [];

    /// <summary>Batches that may be new, or in which a priority is given for the first time; else one there is stays as it is.</summary>
    public List<BatchRow> Batches { get; } = [];

    public List<NoticeRow> Notices { get; } = [];

    public List<BatchLookRow> BatchLooks { get; } = [];

    /// <summary>Rows that are held for this group.</summary>
    public PickedTasks? Picked { get; init; }

    public bool IsEmpty => Inserts.Count + Updates.Count + Respecified.Count + Attempts.Count + Events.Count + Requirements.Count == 0;
}
