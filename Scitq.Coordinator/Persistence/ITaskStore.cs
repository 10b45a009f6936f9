using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Persistence;

/// <summary>Loads and saves many tasks at once.</summary>
internal interface ITaskStore
{
    /// <summary>The rows there are of these tasks.</summary>
    Task<Dictionary<Guid, TaskSaga>> LoadAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct);

    /// <summary>What is recorded, or noted as late, of the ends of these tasks' attempts.</summary>
    Task<IReadOnlyList<(Guid TaskId, RecordedEnd End)>> LoadEndsAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<(Guid, RecordedEnd)>>([]);

    /// <summary>Writes all of it or nothing, and fills in the numbers of new tasks.</summary>
    /// <exception cref="SaveConflictException">Another coordinator has changed or created one of them: load again.</exception>
    Task SaveAsync(TaskChanges changes, CancellationToken ct);

    /// <summary>Whether the exception says that the database is away or overloaded, so that the same may succeed later.</summary>
    bool IsTransient(Exception exception);
}

/// <summary>What one group of events changes.</summary>
internal sealed class TaskChanges
{
    public List<TaskSaga> Inserts { get; } = [];

    /// <summary>Rows whose version was already counted up.</summary>
    public List<TaskSaga> Updates { get; } = [];

    public List<AttemptRow> Attempts { get; } = [];

    public List<TaskEventRow> Events { get; } = [];

    public List<RequirementRow> Requirements { get; } = [];

    /// <summary>Batches that may be new; one there is stays as it is.</summary>
    public List<BatchRow> Batches { get; } = [];

    public bool IsEmpty => Inserts.Count + Updates.Count + Attempts.Count + Events.Count + Requirements.Count == 0;
}

/// <summary>A row was changed or created by another coordinator since it was loaded.</summary>
internal sealed class SaveConflictException(Exception? inner) : Exception("A task was changed by another coordinator.", inner);
