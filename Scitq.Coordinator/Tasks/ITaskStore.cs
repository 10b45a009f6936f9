namespace Scitq.Coordinator.Tasks;

/// <summary>Loads and saves many tasks at once.</summary>
internal interface ITaskStore
{
    /// <summary>The rows there are of these tasks.</summary>
    Task<Dictionary<Guid, TaskSaga>> LoadAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct);

    /// <summary>What is recorded, or noted as late, of the ends of these tasks' attempts.</summary>
    Task<IReadOnlyList<(Guid TaskId, RecordedEnd End)>> LoadEndsAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct);

    /// <summary>Writes all of it or nothing, and fills in the numbers of new tasks.</summary>
    /// <exception cref="SaveConflictException">Another coordinator has changed or created one of them: load again.</exception>
    Task SaveAsync(TaskChanges changes, CancellationToken ct);

    /// <summary>Whether the exception says that the database is away or overloaded, so that the same may succeed later.</summary>
    bool IsTransient(Exception exception);
}
