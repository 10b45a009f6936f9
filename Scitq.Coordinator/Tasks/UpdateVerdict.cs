namespace Scitq.Coordinator.Tasks;

/// <summary>What an update means for a task as it stands.</summary>
internal enum UpdateVerdict
{
    /// <summary>It can't be changed, or not so.</summary>
    Refused,

    /// <summary>No worker has it: it is changed at once.</summary>
    InPlace,

    /// <summary>The same, and it must be seen whether all that it requires now is there.</summary>
    ToWait,

    /// <summary>A worker has it: it is given back or stopped, and the next attempt is the changed one.</summary>
    Restart,

    /// <summary>It has ended: the next relaunch is the changed one.</summary>
    Kept,

    /// <summary>It has ended, and is relaunched.</summary>
    Relaunch,
}
