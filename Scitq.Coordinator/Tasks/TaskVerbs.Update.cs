using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>How a task is changed that is there.</summary>
internal sealed partial class TaskVerbs
{
    public bool HasUpdate(BehaviorContext<TaskSaga, RelaunchTask> context) =>
        context.Effects().HasUpdate ??= context.Saga.NextJson is not null;

    public bool HasNoUpdate(BehaviorContext<TaskSaga, RelaunchTask> context) => !HasUpdate(context);

    public void RefuseUpdate(BehaviorContext<TaskSaga, UpdateRequested> context) =>
        context.Effects().Answer = new TaskAnswer(Refusal: context.Effects().Update!.Problem);

    /// <summary>No worker has it.</summary>
    public void UpdateInPlace(BehaviorContext<TaskSaga, UpdateRequested> context)
    {
        var (task, effects) = (context.Saga, context.Effects());
        NoteUpdate(context);
        var moved = effects.Update!.Edit.Spec.Batch != task.Batch;
        // A message of this attempt may be in the queue of the batch it was in: its claim must be refused.
        if (moved) task.Attempt++;
        Respecify(context, effects.Update.Edit.Spec);
        if (task.State == TaskState.Paused && effects.Update.Verdict == UpdateVerdict.ToWait) task.ResumesWaiting = true;
        if (moved) effects.DispatchedBefore = true;
        effects.Dispatch |= moved && task is { State: TaskState.Pending, Due: null } && effects.Update.Verdict == UpdateVerdict.InPlace;
    }

    /// <summary>
    /// Its worker is asked to stop the attempt, as if it were cancelled; whatever that ends by, the next one is the changed task. Nobody else gets it
    /// before, for until then the worker's lease may deliver.
    /// </summary>
    public void AskRestart(BehaviorContext<TaskSaga, UpdateRequested> context)
    {
        var (task, effects) = (context.Saga, context.Effects());
        NoteUpdate(context);
        task.SetNext(effects.Update!.Edit.Spec);
        task.RestartRequested = true;
        task.Phase = "stopping, to begin anew as it was changed";
        effects.SpecChanged = true;
        effects.Stop = (task.Worker!, new StopAttempt(task.Key, context.Message.Reason ?? "its user has changed the task"));
    }

    /// <summary>It has ended: its result stays that of what was run.</summary>
    public void KeepUpdate(BehaviorContext<TaskSaga, UpdateRequested> context)
    {
        NoteUpdate(context);
        context.Saga.SetNext(context.Effects().Update!.Edit.Spec);
        context.Effects().SpecChanged = true;
    }

    /// <summary>What it requires now is looked at once it is resumed.</summary>
    public void WaitOnceResumed(BehaviorContext<TaskSaga> context) => context.Saga.ResumesWaiting = true;

    public void RelaunchUpdated(BehaviorContext<TaskSaga, UpdateRequested> context) => Relaunch(context, keepRetries: false);

    /// <summary>The specification that was kept for the next attempt is the task's from here on.</summary>
    private static void TakeUpdate(BehaviorContext<TaskSaga> context)
    {
        if (context.Saga.Next is { } next) Respecify(context, next);
    }

    private static void Respecify(BehaviorContext<TaskSaga> context, TaskSpec spec)
    {
        var task = context.Saga;
        // Failures that it has had stay counted.
        task.RetriesLeft = Math.Max(0, spec.Retry - (task.Spec.Retry - task.RetriesLeft));
        var effects = context.Effects();
        // A batch whose tasks have priorities is one of another kind.
        effects.Reordered |= spec.Batch != task.Batch || (spec.Priority is not null && spec.Priority != task.Spec.Priority);
        if (spec.Priority is { } priority && priority != task.Spec.Priority) task.Priority = priority;
        task.SetSpec(spec);
        task.SetNext(null);
        (task.Batch, task.Name) = (spec.Batch, spec.Name);
        effects.SpecChanged = effects.Changed = true;
    }

    /// <summary>Answers, and keeps in the history what the task was before.</summary>
    private void NoteUpdate(BehaviorContext<TaskSaga, UpdateRequested> context)
    {
        var (effects, message) = (context.Effects(), context.Message);
        if (effects.Update!.Requirements is { } rows)
        {
            effects.ReplacesRequirements = true;
            effects.Requirements.Clear();
            effects.Requirements.AddRange(rows);
        }

        effects.Answer = new TaskAnswer(Done: true);
        var why = message.Reason is { } reason ? $" ({reason})" : "";
        Remember(context, HistoryKind.Updated, Clean(effects.Update.Edit.Changes + why), context.Origin().By);
    }
}
