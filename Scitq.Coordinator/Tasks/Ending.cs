namespace Scitq.Coordinator.Tasks;

/// <summary>
/// What it means for a task that an attempt ended, was given back or lost its worker. Exactly one of these holds for an event, so the lines of the
/// table exclude each other, in whatever order they stand.
/// </summary>
internal enum Ending
{
    /// <summary>It is known already, or of a lease that nobody holds: nothing follows.</summary>
    Known,

    /// <summary>An end of an attempt that is not the current one, and news.</summary>
    Late,

    /// <summary>It succeeded.</summary>
    Succeeded,

    /// <summary>Its user had asked to cancel it: however it ended, nothing follows.</summary>
    Cancelled,

    /// <summary>It failed, and a retry is left.</summary>
    FailedWithRetry,

    /// <summary>It failed, a retry is left, and its user wants the task to stand still: the retry is paused.</summary>
    FailedPaused,

    /// <summary>It failed for good.</summary>
    FailedLast,

    /// <summary>It was lost or given back, and is queued again at no cost to the user's retries.</summary>
    Requeued,

    /// <summary>The same of a task that its user wants to stand still: the next attempt is paused.</summary>
    RequeuedPaused,

    /// <summary>Its user has changed the task: the next attempt follows at no cost.</summary>
    Restarted,

    /// <summary>The same of a task that its user wants to stand still.</summary>
    RestartedPaused,

    /// <summary>It was lost once too often, and may be what kills its workers.</summary>
    Poison,

    /// <summary>A retried upload was lost or given back: the command is not run again for it.</summary>
    Undelivered,
}
