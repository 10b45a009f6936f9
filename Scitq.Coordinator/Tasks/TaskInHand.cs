using Scitq.Contracts;

namespace Scitq.Coordinator.Tasks;

/// <summary>A task while the events of a group are handled.</summary>
/// <param name="task">Its row; null while there is none.</param>
internal sealed class TaskInHand(TaskSaga? task)
{
    public TaskSaga? Task { get; private set; } = task;

    /// <summary>The state in which the group has found it; null for a new one.</summary>
    public TaskState? Before { get; } = task?.State;

    /// <summary>Whether this group has ended it.</summary>
    public bool IsJustEnded => Task is { } now && now.State.IsTerminal() && Before != now.State;

    public TaskEffects Effects { get; } = new();

    /// <summary>Whether an event of this group has made it.</summary>
    public bool IsNew { get; private set; }

    /// <summary>A first event makes the task.</summary>
    public void Add(TaskSaga created) => (Task, IsNew) = (created, true);
}
