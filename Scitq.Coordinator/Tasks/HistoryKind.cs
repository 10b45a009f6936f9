namespace Scitq.Coordinator.Tasks;

/// <summary>
/// What kind of thing an entry of the history tells. A word in tables and JSON; a table may hold one that this version does not know, because a newer
/// coordinator wrote it.
/// </summary>
internal readonly record struct HistoryKind(string Word)
{
    /// <summary>A user asked to cancel the task.</summary>
    public static readonly HistoryKind CancelRequested = new("cancel_requested");

    /// <summary>A user asked to end the task at once.</summary>
    public static readonly HistoryKind KillRequested = new("kill_requested");

    /// <summary>A user asked to send the command a signal.</summary>
    public static readonly HistoryKind SignalRequested = new("signal_requested");

    /// <summary>What came of a signal.</summary>
    public static readonly HistoryKind Signalled = new("signalled");

    /// <summary>The attempt was lost with its worker.</summary>
    public static readonly HistoryKind Lost = new("lost");

    /// <summary>An attempt ended under a lease that was no longer current.</summary>
    public static readonly HistoryKind Late = new("late");

    /// <summary>A user asked for another attempt.</summary>
    public static readonly HistoryKind Relaunched = new("relaunched");

    /// <summary>A user asked to deliver the output once more.</summary>
    public static readonly HistoryKind UploadRetried = new("upload_retried");

    /// <summary>A user changed the task.</summary>
    public static readonly HistoryKind Updated = new("updated");

    /// <summary>A user gave it another priority.</summary>
    public static readonly HistoryKind PriorityGiven = new("priority_given");

    /// <summary>A user asked to pause the task.</summary>
    public static readonly HistoryKind PauseRequested = new("pause_requested");

    /// <summary>The task's command stands still.</summary>
    public static readonly HistoryKind Suspended = new("suspended");

    /// <summary>A user asked to let the task go on.</summary>
    public static readonly HistoryKind ResumeRequested = new("resume_requested");

    /// <summary>The task's command goes on.</summary>
    public static readonly HistoryKind Continued = new("continued");

    /// <summary>The task was cancelled because one that it requires failed, was cancelled or deleted.</summary>
    public static readonly HistoryKind RequirementFailed = new("requirement_failed");

    /// <summary>A submission was refused.</summary>
    public static readonly HistoryKind Refused = new("refused");

    /// <summary>A message could not be read.</summary>
    public static readonly HistoryKind Malformed = new("malformed");

    /// <summary>A user changed a worker's settings; no task is concerned.</summary>
    public static readonly HistoryKind WorkerChanged = new("worker_changed");

    /// <summary>A batch was stopped; no task is concerned.</summary>
    public static readonly HistoryKind BatchStopped = new("batch_stopped");

    /// <summary>A stopped batch goes on; no task is concerned.</summary>
    public static readonly HistoryKind BatchContinued = new("batch_continued");

    /// <summary>A user changed a batch; no task is concerned.</summary>
    public static readonly HistoryKind BatchChanged = new("batch_changed");

    /// <summary>A worker was put aside, because too much fails there; no task is concerned.</summary>
    public static readonly HistoryKind WorkerAside = new("worker_aside");

    /// <summary>What a webhook was to be told was given up; no task is concerned.</summary>
    public static readonly HistoryKind WebhookGivenUp = new("webhook_given_up");

    public override string ToString() => Word;
}
