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

    /// <summary>Its command has started and stands still, because its user wants that; its worker keeps it in its slot.</summary>
    Suspended,

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

/// <summary>The states by kind. Which may follow which is in the table of the coordinator's <c>TaskStateMachine</c>, drawn in docs/architecture.md.</summary>
public static class TaskRules
{
    /// <summary>Every state, in the order of a task's life.</summary>
    public static readonly ImmutableArray<TaskState> States = [.. Enum.GetValues<TaskState>()];

    /// <summary>The states in which a worker holds a lease.</summary>
    public static readonly ImmutableArray<TaskState> Active = [TaskState.Accepted, TaskState.Running, TaskState.Suspended, TaskState.Uploading];

    /// <summary>The states that only the user leaves: by a relaunch, or by a retry of the upload that failed.</summary>
    public static readonly ImmutableArray<TaskState> Terminal = [TaskState.Succeeded, TaskState.Failed, TaskState.Cancelled];

    /// <summary>Whether only the user leaves this state.</summary>
    public static bool IsTerminal(this TaskState state) => Terminal.Contains(state);

    /// <summary>Whether a worker holds a lease in this state.</summary>
    public static bool IsActive(this TaskState state) => Active.Contains(state);
}
