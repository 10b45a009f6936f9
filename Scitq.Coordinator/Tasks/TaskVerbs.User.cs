using System.Globalization;
using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>What users ask of tasks that are there.</summary>
internal sealed partial class TaskVerbs
{
    /// <summary>
    /// An upload that was found impossible before the command ran has left nothing to deliver, nor has a full disk left anything of a task that has no
    /// output folder: that one lost what the command printed.
    /// </summary>
    public bool HasUndelivered(BehaviorContext<TaskSaga, RetryUpload> context) => context.Saga is { Worker: not null }
        and ({ Failure: FailureClass.Upload, ExitCode: not null } or { Failure: FailureClass.Disk, ExitCode: 0, Spec.Output: not null });

    public void AskStop(BehaviorContext<TaskSaga, CancelTask> context) => AskStop(context, context.Message.Reason, kill: false);

    public void AskStop(BehaviorContext<TaskSaga, StopTask> context) => AskStop(context, context.Message.Reason, context.Message.Kill);

    public void EndCancelled(BehaviorContext<TaskSaga, CancelTask> context)
    {
        var task = context.Saga;
        context.Effects().Answer = new TaskAnswer(Done: true);
        task.CancelRequested = true;
        task.Failure = FailureClass.Cancelled;
        task.Reason = context.Message.Reason is { } why ? $"cancelled: {why}" : "cancelled before it started";
        Remember(context, HistoryKind.CancelRequested, context.Message.Reason, context.Origin().By);
        Finish(context);
    }

    public void GivePriority(BehaviorContext<TaskSaga, PriorityGiven> context)
    {
        var (task, given) = (context.Saga, context.Message);
        if (given.InsteadOf is { } former && (task.Spec.Priority is not null || task.Priority != former)) return;
        context.Effects().Answer = new TaskAnswer(Done: true);
        if (task.Priority == given.Priority) return;
        var detail = string.Create(CultureInfo.InvariantCulture, $"{given.Priority} instead of {task.Priority}");
        task.Priority = given.Priority;
        context.Effects().Reordered = true;
        Remember(context, HistoryKind.PriorityGiven, given.Reason is null ? detail : $"{detail}: {given.Reason}", context.Origin().By);
    }

    public void Relaunch(BehaviorContext<TaskSaga, RelaunchTask> context)
    {
        context.Effects().Answer = new TaskAnswer(Done: true);
        Relaunch(context, context.Message.KeepRetries);
        Remember(context, HistoryKind.Relaunched, context.Message.Reason, context.Origin().By);
    }

    private void Relaunch(BehaviorContext<TaskSaga> context, bool keepRetries)
    {
        var task = context.Saga;
        var moved = task.Next is { } next && next.Batch != task.Batch;
        TakeUpdate(context);

        // Cancelled before any worker had it, the current attempt was never used; its message may still be in the queue of another batch.
        if (task.Accepted is not null || moved) task.Attempt++;
        task.Lease = null;
        task.Redelivers = null;
        task.CancelRequested = task.KillRequested = false;
        task.Losses = 0;
        if (!keepRetries) task.RetriesLeft = task.Spec.Retry;
        task.Queued = Now;
        task.Accepted = task.Started = task.RunEnded = task.Finished = task.Due = null;
        task.ExitCode = null;
        task.Failure = null;
        task.Reason = task.Phase = null;
        context.Effects().Changed = true;
    }

    /// <summary>
    /// Gives the worker that keeps the output a lease for the next attempt, which only delivers. The answer to the worker's next heartbeat tells it.
    /// </summary>
    public void RetryUpload(BehaviorContext<TaskSaga, RetryUpload> context)
    {
        var task = context.Saga;
        context.Effects().Answer = new TaskAnswer(Done: true);
        task.Redelivers ??= task.Attempt;
        task.Attempt++;
        task.Lease = Guid.NewGuid();
        task.Queued = Now;
        task.Accepted = Now;
        (task.Granted, task.HolderEpoch, task.Token) = (null, null, null);
        task.Finished = null;
        task.CancelRequested = task.KillRequested = false;
        // When the command ran, and how it ended, stays as it was.
        task.Failure = null;
        task.Reason = null;
        task.Phase = $"the output of attempt {task.Redelivers} is to be delivered";
        Remember(context, HistoryKind.UploadRetried, context.Message.Reason, context.Origin().By);
    }

    private void AskStop(BehaviorContext<TaskSaga> context, string? reason, bool kill)
    {
        var (task, effects) = (context.Saga, context.Effects());
        var news = !task.CancelRequested || (kill && !task.KillRequested);
        task.CancelRequested = true;
        task.KillRequested |= kill;
        effects.Answer = new TaskAnswer(Done: true);
        effects.Stop = (task.Worker!, new StopAttempt(task.Key, reason, task.KillRequested));
        if (!news) return;
        task.Phase = "stopping";
        Remember(context, kill ? HistoryKind.KillRequested : HistoryKind.CancelRequested, reason, context.Origin().By);
    }
}
