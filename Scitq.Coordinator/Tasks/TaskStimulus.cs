using MassTransit;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks.Saga;

namespace Scitq.Coordinator.Tasks;

/// <summary>One event for one task. It may be raised more than once, on rows loaded anew each time, and holds nothing of what came of it.</summary>
internal abstract class TaskStimulus(Guid taskId)
{
    public Guid TaskId => taskId;

    /// <summary>The attempt that has ended, if this is the report of an end.</summary>
    public virtual AttemptKey? Ends => null;

    /// <summary>The batch whose order it must know.</summary>
    public virtual string? Batch => null;

    /// <summary>The claim, if this is one that takes any task of its batch.</summary>
    public virtual Claimed? Claim => null;

    /// <summary>Handles the event; nothing happens where there is no task, unless the event makes one.</summary>
    public abstract Task RaiseAsync(TaskStateMachine machine, TaskInHand task);

    /// <summary>An event that comes by the bulk door.</summary>
    public static TaskStimulus For<T>(Guid taskId, Func<TaskStateMachine, Event<T>> @event, T message, Origin? origin = null)
        where T : class => new Bulk<T>(taskId, @event, message, origin);

    private sealed class Bulk<T>(Guid taskId, Func<TaskStateMachine, Event<T>> @event, T message, Origin? origin) : TaskStimulus(taskId)
        where T : class
    {
        public override AttemptKey? Ends => (message as AttemptEnded)?.Report.Key;

        public override string? Batch => message switch { SubmitTask submitted => submitted.Spec.Batch, Claimed claimed => claimed.Batch, _ => null };

        public override Claimed? Claim => message is Claimed { Batch: not null } claimed ? claimed : null;

        public override Task RaiseAsync(TaskStateMachine machine, TaskInHand task)
        {
            if (task.Task is null && message is SubmitTask) task.Add(TaskSaga.New(TaskId));
            return task.Task is { } saga ? BulkContext<T>.RaiseAsync(machine, @event(machine), message, saga, task.Effects, origin) : Task.CompletedTask;
        }
    }
}
