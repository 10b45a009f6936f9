using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>How tasks are held and go on: here, where no worker has them, else by the worker that does.</summary>
internal sealed partial class TaskVerbs
{
    /// <summary>One that is being stopped, or that only delivers, has nothing left to stand still.</summary>
    public bool CanBePaused(BehaviorContext<TaskSaga, PauseTask> context) => context.Saga is { CancelRequested: false, Redelivers: null };

    public bool IsToBePaused(BehaviorContext<TaskSaga, ResumeTask> context) => context.Saga.PauseRequested;

    public bool IsToWait(BehaviorContext<TaskSaga, ResumeTask> context) => context.Saga.ResumesWaiting;

    public bool IsToQueue(BehaviorContext<TaskSaga, ResumeTask> context) => !IsToWait(context);

    public bool StandsStill(BehaviorContext<TaskSaga, StandstillTold> context) => context.Message.Suspended && context.Saga.Key == context.Message.Key;

    public bool GoesOn(BehaviorContext<TaskSaga, StandstillTold> context) => !context.Message.Suspended && context.Saga.Key == context.Message.Key;

    public void PauseWaiting(BehaviorContext<TaskSaga, PauseTask> context)
    {
        context.Saga.ResumesWaiting = true;
        NotePause(context);
    }

    public void Pause(BehaviorContext<TaskSaga, PauseTask> context)
    {
        context.Saga.ResumesWaiting = false;
        NotePause(context);
    }

    /// <summary>It is so already, as when the same is asked twice because the first answer was lost.</summary>
    public void Agree(BehaviorContext<TaskSaga, PauseTask> context) => context.Effects().Answer = new TaskAnswer(Done: true);

    public void AskPause(BehaviorContext<TaskSaga, PauseTask> context)
    {
        var task = context.Saga;
        if (task.PauseRequested) Agree(context);
        else NotePause(context);
        task.Phase = task.State == TaskState.Suspended ? null : "is to stand still";
        TellHolder(context);
    }

    public void Resume(BehaviorContext<TaskSaga, ResumeTask> context)
    {
        var task = context.Saga;
        task.PauseTurn++;
        task.Queued = Now;
        context.Effects().Answer = new TaskAnswer(Done: true);
        Remember(context, HistoryKind.ResumeRequested, context.Message.Reason, context.Origin().By);
    }

    public void AskResume(BehaviorContext<TaskSaga, ResumeTask> context)
    {
        var task = context.Saga;
        task.PauseTurn++;
        task.Phase = task.State == TaskState.Suspended ? "is to go on" : null;
        context.Effects().Answer = new TaskAnswer(Done: true);
        Remember(context, HistoryKind.ResumeRequested, context.Message.Reason, context.Origin().By);
        TellHolder(context);
    }

    public void RecordSuspended(BehaviorContext<TaskSaga, StandstillTold> context) => RecordStandstill(context, HistoryKind.Suspended);

    public void RecordContinued(BehaviorContext<TaskSaga, StandstillTold> context) => RecordStandstill(context, HistoryKind.Continued);

    private void NotePause(BehaviorContext<TaskSaga, PauseTask> context)
    {
        context.Saga.PauseTurn++;
        Remember(context, HistoryKind.PauseRequested, context.Message.Reason, context.Origin().By);
        Agree(context);
    }

    private void RecordStandstill(BehaviorContext<TaskSaga> context, HistoryKind kind)
    {
        context.Saga.Phase = null;
        Remember(context, kind, detail: null);
    }

    private static void TellHolder(BehaviorContext<TaskSaga> context)
    {
        var task = context.Saga;
        context.Effects().Pause = (task.Worker!, new PauseAttempt(task.Key, task.PauseRequested, task.PauseTurn));
    }
}
