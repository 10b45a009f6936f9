namespace Scitq.Coordinator.Tasks;

/// <summary>What the rules of tasks ask of the rows of other tasks.</summary>
internal interface ITaskLookup
{
    /// <summary>Those of the tasks that exist.</summary>
    Task<IReadOnlyList<(long Number, Guid Id)>> ExistingAsync(IReadOnlyCollection<long> numbers, IReadOnlyCollection<Guid> ids, CancellationToken ct);

    /// <summary>Whether any task waits for others.</summary>
    Task<bool> AnyWaitsAsync(CancellationToken ct);

    /// <summary>Waiting tasks all of whose requirements have succeeded: among these and those that require one of them; among all, if null.</summary>
    Task<IReadOnlyList<Guid>> ReleasableAsync(IReadOnlyCollection<Guid>? ids, CancellationToken ct);

    /// <summary>Tasks whose back-off is over, the longest overdue first.</summary>
    Task<IReadOnlyList<Guid>> DueAsync(DateTime now, int most, CancellationToken ct);

    /// <summary>When the next back-off is over; null when no task waits for that.</summary>
    Task<DateTime?> NextDueAsync(CancellationToken ct);
}
