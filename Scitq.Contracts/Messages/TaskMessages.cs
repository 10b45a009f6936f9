namespace Scitq.Contracts.Messages;

/// <summary>
/// Queues one task. Idempotent by <see cref="TaskId"/>. To <see cref="Queues.Tasks"/>; plain JSON without any header is read as this message.
/// </summary>
public sealed record SubmitTask
{
    /// <summary>Made by the submitter (a version 7 GUID is best); the same id sent twice is one task.</summary>
    public required Guid TaskId { get; init; }

    /// <summary>The specification of the task.</summary>
    public required TaskSpec Spec { get; init; }
}

/// <summary>Queues many tasks at once; each stands for itself, as if sent alone. Plain JSON with a member <c>tasks</c> is read as this message.</summary>
public sealed record SubmitTasks
{
    /// <summary>The tasks, in the order their numbers are given.</summary>
    public required IReadOnlyList<SubmitTask> Tasks { get; init; }
}

/// <summary>The answer to a submitter that gave an AMQP <c>reply_to</c>.</summary>
public sealed record TasksSubmitted
{
    /// <summary>One for each task of the request, in its order.</summary>
    public required IReadOnlyList<SubmittedTask> Tasks { get; init; }
}

/// <summary>The outcome of the submission of one task.</summary>
public sealed record SubmittedTask
{
    /// <summary>The submitter's id.</summary>
    public required Guid TaskId { get; init; }

    /// <summary>The small number people type; null when refused.</summary>
    public long? Number { get; init; }

    /// <summary>Why it was refused; null when it is queued.</summary>
    public string? Problem { get; init; }
}

/// <summary>Ends a task for good: at once when no worker has it, else as soon as its worker has stopped it. Ignored when it has ended.</summary>
public sealed record CancelTask
{
    /// <summary>The task.</summary>
    public required Guid TaskId { get; init; }

    /// <summary>Kept in the task's history.</summary>
    public string? Reason { get; init; }
}

/// <summary>
/// Ends for good what a worker has: as <see cref="CancelTask"/>, but ignored where no worker has it. No retry follows, whatever the command makes of it.
/// </summary>
public sealed record StopTask
{
    /// <summary>The task.</summary>
    public required Guid TaskId { get; init; }

    /// <summary>Kept in the task's history.</summary>
    public string? Reason { get; init; }

    /// <summary>KILL at once, without TERM and grace; also where it is being stopped already.</summary>
    public bool Kill { get; init; }
}

/// <summary>Starts another attempt of a task that has ended. Ignored otherwise.</summary>
public sealed record RelaunchTask
{
    /// <summary>The task.</summary>
    public required Guid TaskId { get; init; }

    /// <summary>Kept in the task's history.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether the retries that it has spent stay spent; else it has all of them again.</summary>
    public bool KeepRetries { get; init; }
}

/// <summary>Delivers once more the output that its worker keeps of a task whose upload failed; the command is not run again. Ignored otherwise.</summary>
public sealed record RetryUpload
{
    /// <summary>The task.</summary>
    public required Guid TaskId { get; init; }

    /// <summary>Kept in the task's history.</summary>
    public string? Reason { get; init; }
}

/// <summary>
/// Holds a task until it is resumed: one that waits or is queued is not started, one that a worker has accepted is given back, and the command of one
/// that runs stands still. Ignored when its command has ended.
/// </summary>
public sealed record PauseTask
{
    /// <summary>The task.</summary>
    public required Guid TaskId { get; init; }

    /// <summary>Kept in the task's history.</summary>
    public string? Reason { get; init; }
}

/// <summary>Lets a task that was paused go on from where it is. Ignored otherwise.</summary>
public sealed record ResumeTask
{
    /// <summary>The task.</summary>
    public required Guid TaskId { get; init; }

    /// <summary>Kept in the task's history.</summary>
    public string? Reason { get; init; }
}

/// <summary>
/// One attempt waits for a worker of the batch. To <see cref="Queues.Batch"/>. It is a hint, not a right: the worker
/// must claim the attempt, and a repeated or outdated message is refused there. In a batch with priorities any of its
/// messages stands for the task whose turn it is.
/// </summary>
public sealed record TaskQueued
{
    /// <summary>The task.</summary>
    public required Guid TaskId { get; init; }

    /// <summary>The attempt, from 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>Tells messages apart of which the second was sent because the first may be missing; null of the first.</summary>
    public Guid? Token { get; init; }

    /// <summary>
    /// Only when another service publishes it for a task the coordinator has not seen: the first claim then creates the task. The coordinator leaves
    /// it out and answers the claim with the current spec.
    /// </summary>
    public TaskSpec? Spec { get; init; }
}
