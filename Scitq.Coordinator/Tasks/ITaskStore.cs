namespace Scitq.Coordinator.Tasks;

/// <summary>Loads and saves many tasks at once.</summary>
internal interface ITaskStore
{
    /// <summary>The rows there are of these tasks, and what differs from the default of these batches.</summary>
    Task<LoadedTasks> LoadAsync(IReadOnlyCollection<Guid> ids, IReadOnlyCollection<string> batches, CancellationToken ct);

    /// <summary>What these messages have brought, and of each batch as many of the tasks whose turn it is. The caller disposes of them.</summary>
    Task<PickedTasks> PickAsync(IReadOnlyCollection<Guid> messages, IReadOnlyDictionary<string, int> wanted, CancellationToken ct);

    /// <summary>What is recorded, or noted as late, of the ends of these tasks' attempts.</summary>
    Task<IReadOnlyList<(Guid TaskId, RecordedEnd End)>> LoadEndsAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct);

    /// <summary>Writes all of it or nothing, and fills in the numbers of new tasks.</summary>
    /// <exception cref="SaveConflictException">Another coordinator has changed or created one of them: load again.</exception>
    Task SaveAsync(TaskChanges changes, CancellationToken ct);

    /// <summary>Whether the exception says that the database is away or overloaded, so that the same may succeed later.</summary>
    bool IsTransient(Exception exception);
}
