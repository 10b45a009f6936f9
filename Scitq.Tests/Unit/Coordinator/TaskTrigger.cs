namespace Scitq.Tests.Unit.Coordinator;

/// <summary>What can happen to a task, in the words of the diagram of docs/architecture.md.</summary>
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

    /// <summary>The user asked to pause it, and a worker that had not started it gave it back.</summary>
    Pause,

    /// <summary>The user asked to let it go on.</summary>
    Resume,

    /// <summary>The worker says that the command stands still.</summary>
    Suspend,

    /// <summary>The worker says that the command goes on.</summary>
    Continue,

    /// <summary>The user asked for another attempt of an ended task.</summary>
    Relaunch,

    /// <summary>The user has changed the task and asked for a restart, and the attempt that there was has ended.</summary>
    Restart,

    /// <summary>The user has changed what the task requires.</summary>
    Require,

    /// <summary>The user asked to deliver once more what a task has left whose upload failed, without running it again.</summary>
    Redeliver,
}
