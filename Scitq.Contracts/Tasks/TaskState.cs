using System.Collections.Immutable;

namespace Scitq.Contracts;

/// <summary>The status of a task, the same for its users, the bus, the API and the database (there in lower case).</summary>
public enum TaskState
{
    /// <summary>Tasks it requires have not all succeeded.</summary>
    Waiting,

    /// <summary>Queued: a worker of the batch will take it (or will when its retry is due).</summary>
    Pending,

    /// <summary>Leased to a worker: fetching inputs, pulling the image, or ready and waiting for a slot.</summary>
    Accepted,

    /// <summary>Its command runs.</summary>
    Running,

    /// <summary>Its command has ended; its output is being collected.</summary>
    Uploading,

    /// <summary>Ended well, recorded once, from one attempt.</summary>
    Succeeded,

    /// <summary>Ended badly, with no retry left.</summary>
    Failed,

    /// <summary>Ended by its user.</summary>
    Cancelled,

    /// <summary>Held by its user; not started until resumed.</summary>
    Paused,
}

/// <summary>The things that can happen to a task, for <see cref="TaskRules.Next"/>.</summary>
public enum TaskTrigger
{
    /// <summary>All required tasks have succeeded.</summary>
    Release,

    /// <summary>A worker was given a lease.</summary>
    Accept,

    /// <summary>The worker reports that the command runs.</summary>
    Run,

    /// <summary>The worker reports that the command has ended and output is being collected.</summary>
    Upload,

    /// <summary>The attempt succeeded.</summary>
    Succeed,

    /// <summary>The attempt failed and none is left.</summary>
    Fail,

    /// <summary>The attempt failed, was lost or was given back, and another follows.</summary>
    Requeue,

    /// <summary>The user's cancel has taken effect.</summary>
    Cancel,

    /// <summary>The user asked for another attempt of an ended task.</summary>
    Relaunch,

    /// <summary>The user asked to deliver once more what a task has left whose upload failed, without running it again.</summary>
    Redeliver,
}

/// <summary>Says which state may follow which.</summary>
public static class TaskRules
{
    /// <summary>Every state, in the order of a task's life.</summary>
    public static readonly ImmutableArray<TaskState> States = [.. Enum.GetValues<TaskState>()];

    /// <summary>The states in which a worker holds a lease.</summary>
    public static readonly ImmutableArray<TaskState> Active = [TaskState.Accepted, TaskState.Running, TaskState.Uploading];

    /// <summary>The states that only the user leaves: by a relaunch, or by a retry of the upload that failed.</summary>
    public static readonly ImmutableArray<TaskState> Terminal = [TaskState.Succeeded, TaskState.Failed, TaskState.Cancelled];

    /// <summary>The state that follows, or null where the trigger has no meaning (it is then ignored, never an error).</summary>
    public static TaskState? Next(TaskState from, TaskTrigger trigger) => (from, trigger) switch
    {
        (TaskState.Waiting, TaskTrigger.Release) => TaskState.Pending,
        (TaskState.Pending, TaskTrigger.Accept) => TaskState.Accepted,

        (TaskState.Accepted, TaskTrigger.Run) => TaskState.Running,
        (TaskState.Accepted or TaskState.Running, TaskTrigger.Upload) => TaskState.Uploading,

        // A report may overtake the ones before it, so every active state can end.
        (TaskState.Accepted or TaskState.Running or TaskState.Uploading, TaskTrigger.Succeed) => TaskState.Succeeded,
        (TaskState.Accepted or TaskState.Running or TaskState.Uploading, TaskTrigger.Fail) => TaskState.Failed,
        (TaskState.Accepted or TaskState.Running or TaskState.Uploading, TaskTrigger.Requeue) => TaskState.Pending,
        (TaskState.Accepted or TaskState.Running or TaskState.Uploading, TaskTrigger.Cancel) => TaskState.Cancelled,
        (TaskState.Waiting or TaskState.Pending or TaskState.Paused, TaskTrigger.Cancel) => TaskState.Cancelled,

        (TaskState.Succeeded or TaskState.Failed or TaskState.Cancelled, TaskTrigger.Relaunch) => TaskState.Pending,

        // The worker that keeps the output holds the new lease at once: nobody else can have the task.
        (TaskState.Failed, TaskTrigger.Redeliver) => TaskState.Accepted,
        _ => null,
    };

    /// <summary>Whether only the user leaves this state.</summary>
    public static bool IsTerminal(this TaskState state) => Terminal.Contains(state);

    /// <summary>Whether a worker holds a lease in this state.</summary>
    public static bool IsActive(this TaskState state) => Active.Contains(state);
}
