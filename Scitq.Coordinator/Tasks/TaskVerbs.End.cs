using System.Text.Json;
using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>How attempts and tasks end.</summary>
internal sealed partial class TaskVerbs
{
    public void RecordEnd(BehaviorContext<TaskSaga, AttemptEnded> context)
    {
        var (task, result) = (context.Saga, context.Message.Report.Result!);
        task.Started = context.Message.Report.Started ?? task.Started;
        task.RunEnded = result.RunEnded ?? task.RunEnded;
        task.ExitCode = result.ExitCode;
        // A redelivery can fail in one way only, whatever the worker calls it; the other classes are the command's own.
        var undelivered = task.Redelivers is not null && !task.CancelRequested && result.Failure is not (null or FailureClass.Exit or FailureClass.Oom);
        task.Failure = undelivered ? FailureClass.Upload : result.Failure;
        task.Reason = Clean(result.Reason);
        if (task.CancelRequested && result.Failure is null)
        {
            // Its user was told that it will be cancelled, so nothing may follow from its success.
            task.Failure = FailureClass.Cancelled;
            task.Reason = "cancelled, though its command had ended well";
        }

        Fill(Ended(context, Outcome(task), result.Finished), result);
        if (task.Redelivers is not null) return;        // costs neither a loss nor a retry
        switch (context.Effects().Ending)
        {
            case Ending.Requeued or Ending.RequeuedPaused or Ending.Poison: task.Losses++; break;
            case Ending.FailedWithRetry or Ending.FailedPaused: task.RetriesLeft--; break;
        }
    }

    public void RecordReleased(BehaviorContext<TaskSaga, AttemptReleased> context)
    {
        context.Saga.Reason = context.Message.Report.Phase;
        Ended(context, AttemptOutcome.Released, Now);
    }

    public void RecordLost(BehaviorContext<TaskSaga, LeaseLost> context)
    {
        var task = context.Saga;
        task.Losses++;
        task.Failure = FailureClass.Lost;
        task.Reason = context.Message.Why;
        task.ExitCode = null;
        Ended(context, AttemptOutcome.Lost, Now);
        Remember(context, HistoryKind.Lost, context.Message.Why);
    }

    public void RecordUndelivered(BehaviorContext<TaskSaga, LeaseLost> context)
    {
        Remember(context, HistoryKind.Lost, context.Message.Why);
        Undelivered(context, context.Message.Why);
    }

    public void RecordUndelivered(BehaviorContext<TaskSaga, AttemptReleased> context) => Undelivered(context, "the worker gave it back");

    /// <summary>An end of an attempt that is not the current one, or no longer: kept, and without effect.</summary>
    public void RecordLate(BehaviorContext<TaskSaga, AttemptEnded> context)
    {
        var (report, effects) = (context.Message.Report, context.Effects());
        effects.KnownEnds.Add(new RecordedEnd(report.Key.Attempt, null, null));
        var how = report.Result?.Failure is { } failure ? failure.ToString().ToLowerInvariant() : "succeeded";
        effects.History.Add(new TaskEventRow
        {
            TaskId = context.Saga.CorrelationId,
            Attempt = report.Key.Attempt,
            At = Now,
            Kind = HistoryKind.Late,
            Worker = context.Message.Worker,
            Detail = $"an end ({how}) under a lease that was no longer current; it changes nothing",
        });
    }

    public void Finish(BehaviorContext<TaskSaga> context)
    {
        var task = context.Saga;
        task.Finished = Now;
        task.Lease = null;
        task.Due = null;
        task.Phase = null;
        task.RestartRequested = false;
        // There is nothing left to stand still.
        if (task.PauseRequested) task.PauseTurn++;
        context.Effects().Changed = true;
    }

    public void FinishPoison(BehaviorContext<TaskSaga> context)
    {
        var task = context.Saga;
        task.Failure = FailureClass.Lost;
        task.Reason = $"lost {task.Losses} workers, the last one: {task.Reason}. It may be what kills them; "
            + "see the history, and relaunch it when that is ruled out.";
        Finish(context);
    }

    private static AttemptOutcome Outcome(TaskSaga task) => task.Failure switch
    {
        null => AttemptOutcome.Succeeded,
        FailureClass.Lost => AttemptOutcome.Lost,
        FailureClass.Cancelled when task.CancelRequested || task.RestartRequested => AttemptOutcome.Cancelled,
        _ => AttemptOutcome.Failed,
    };

    private static void Fill(AttemptRow row, AttemptResult result)
    {
        row.StdoutBytes = result.StdoutBytes;
        row.StderrBytes = result.StderrBytes;
        row.PeakMemory = result.PeakMemory;
        row.CpuSeconds = result.CpuSeconds;
        row.BytesIn = result.BytesIn;
        row.BytesOut = result.BytesOut;
        row.Outputs = result.Outputs.Count == 0 ? null : JsonSerializer.Serialize(result.Outputs, ScitqJson.Rest);
        row.Warnings = result.Warnings.Count == 0 ? null : JsonSerializer.Serialize(result.Warnings, ScitqJson.Rest);
        if (result.Cache is not { } cache) return;
        (row.CachedFrom, row.NotReused) = (cache.From, Clean(cache.NotReused));
        if (row.Outcome != AttemptOutcome.Succeeded || cache.Key is null) return;
        row.CacheKey = cache.Key;
        row.CacheParts = JsonSerializer.Serialize(cache.Parts, ScitqJson.Rest);
    }

    private void Undelivered(BehaviorContext<TaskSaga> context, string why)
    {
        var task = context.Saga;
        task.Failure = FailureClass.Upload;
        task.Reason = $"{why}; the output of attempt {task.Redelivers} is not delivered, and worker {task.Worker} keeps it unless that was cleaned. "
            + "Retry the upload when the worker is back, or relaunch to run the task again.";
        Ended(context, AttemptOutcome.Failed, Now);
    }

    private static AttemptRow Ended(BehaviorContext<TaskSaga> context, AttemptOutcome outcome, DateTime at)
    {
        var (task, effects) = (context.Saga, context.Effects());
        var ran = task.Redelivers is null;
        var row = new AttemptRow
        {
            TaskId = task.CorrelationId,
            Attempt = task.Attempt,
            Lease = task.Lease,
            Worker = task.Worker,
            Outcome = outcome,
            Failure = task.Failure,
            Reason = task.Reason,
            ExitCode = task.ExitCode,
            Accepted = task.Accepted,
            Started = ran ? task.Started : null,
            RunEnded = ran ? task.RunEnded : null,
            Finished = at,
            Redelivers = task.Redelivers,
        };
        effects.Attempts.Add(row);
        effects.Changed = true;
        return row;
    }
}
