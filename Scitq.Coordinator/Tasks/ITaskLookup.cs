namespace Scitq.Coordinator.Tasks;

/// <summary>What the rules of tasks ask of the rows of other tasks.</summary>
internal interface ITaskLookup
{
    /// <summary>Those of the tasks that exist.</summary>
    Task<IReadOnlyList<(long Number, Guid Id)>> ExistingAsync(IReadOnlyCollection<long> numbers, IReadOnlyCollection<Guid> ids, CancellationToken ct);

    /// <summary>What these tasks require.</summary>
    Task<IReadOnlyList<RequirementRow>> RequirementsOfAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct);

    /// <summary>Held while requirements of tasks that are there are changed, so that two changes can't make a ring together.</summary>
    Task<IAsyncDisposable> LockRequirementsAsync(CancellationToken ct);

    /// <summary>Whether any task waits for others.</summary>
    Task<bool> AnyWaitsAsync(CancellationToken ct);

    /// <summary>Waiting tasks that have all they require: among these and those that require one of them; among all, if null.</summary>
    Task<IReadOnlyList<Guid>> ReleasableAsync(IReadOnlyCollection<Guid>? ids, CancellationToken ct);

    /// <summary>Of the same waiting tasks those that are to be cancelled, and why: one that they require failed, was cancelled or deleted.</summary>
    Task<IReadOnlyList<(Guid Id, string Why)>> DoomedAsync(IReadOnlyCollection<Guid>? ids, CancellationToken ct);

    /// <summary>Tasks whose back-off is over, the longest overdue first.</summary>
    Task<IReadOnlyList<Guid>> DueAsync(DateTime now, int most, CancellationToken ct);

    /// <summary>When the next back-off is over; null when no task waits for that.</summary>
    Task<DateTime?> NextDueAsync(CancellationToken ct);
}
