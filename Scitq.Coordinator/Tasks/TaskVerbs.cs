using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.Options;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>What the table of <see cref="TaskStateMachine"/> does, verb by verb. Only the row and its effects are touched: nothing is sent or saved here.</summary>
internal sealed partial class TaskVerbs(IOptions<TaskOptions> options, TimeProvider clock)
{
    private readonly TaskOptions _options = options.Value;

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    public void Create(BehaviorContext<TaskSaga, Submitted> context)
    {
        var (task, spec) = (context.Saga, context.Message.Spec);
        task.SetSpec(spec);
        task.Batch = spec.Batch;
        task.Name = spec.Name;
        task.SubmittedBy = context.Message.By;
        task.RetriesLeft = spec.Retry;
        task.Attempt = 1;
        task.Created = task.Queued = Now;
        foreach (var required in context.Message.Requirements)
            task.Effects.Requirements.Add(new RequirementRow { TaskId = task.CorrelationId, RequiredId = required });
        Changed(task);
    }

    public void Queue(BehaviorContext<TaskSaga> context)
    {
        context.Saga.Queued = Now;
        Changed(context.Saga);
    }

    public void Dispatch(BehaviorContext<TaskSaga> context)
    {
        if (context.Saga.Due is null) context.Saga.Effects.Dispatch = true;
    }

    public void ForgetDue(BehaviorContext<TaskSaga> context)
    {
        context.Saga.Due = null;
        context.Saga.Queued = Now;
        context.Saga.Phase = null;
        Changed(context.Saga);
    }

    public void Grant(BehaviorContext<TaskSaga, Claimed> context)
    {
        var task = context.Saga;
        task.Worker = context.Message.Worker;
        task.Lease = context.Message.Lease = Guid.NewGuid();
        task.Accepted = Now;
        (task.Granted, task.HolderEpoch) = (context.Message.At, context.Message.Epoch);
        task.Started = task.RunEnded = task.Finished = null;
        task.Phase = task.Reason = null;
        task.ExitCode = null;
        task.Failure = null;
        Changed(task);
    }

    /// <summary>The same lease, valid from now: to its holder it is as a new grant, and so it must be to whoever takes it away.</summary>
    public void GrantAgain(BehaviorContext<TaskSaga, Claimed> context)
    {
        context.Message.Lease = context.Saga.Lease;
        context.Saga.Accepted = Now;
        (context.Saga.Granted, context.Saga.HolderEpoch) = (context.Message.At, context.Message.Epoch);
        Changed(context.Saga);
    }

    public void Refuse(BehaviorContext<TaskSaga, Claimed> context)
    {
        var task = context.Saga;
        context.Message.Lease = null;
        context.Message.Refusal = task.State.IsActive() ? $"worker {task.Worker} has it"
            : task.State == TaskState.Pending ? $"attempt {context.Message.Attempt} is not the current one"
            : $"the task is {task.State.ToString().ToLowerInvariant()}";
    }

    /// <summary>The agent would run it without what it asks for. The task waits for another worker, and says so.</summary>
    public void RefuseTooOld(BehaviorContext<TaskSaga, Claimed> context)
    {
        var (task, claim) = (context.Saga, context.Message);
        claim.Lease = null;
        claim.Refusal = $"the agent of worker {claim.Worker} is too old for it: it does not know {Abilities.Missing(task.Spec, claim.Knows)}";
        if (task.Phase == claim.Refusal) return;
        task.Phase = claim.Refusal;
        Changed(task);
    }

    public void RecordStage(BehaviorContext<TaskSaga, StageReported> context)
    {
        var (task, report) = (context.Saga, context.Message.Report);
        task.Phase = Clean(report.Phase);
        task.Started = report.Started ?? task.Started;
        Changed(task);
    }

    public void AskStop(BehaviorContext<TaskSaga, CancelRequested> context)
    {
        var task = context.Saga;
        context.Message.Done = true;
        task.Effects.Stop = (task.Worker!, new StopAttempt(task.Key, context.Message.Reason));
        if (task.CancelRequested) return;
        task.CancelRequested = true;
        task.Phase = "stopping";
        Remember(task, "cancel_requested", context.Message.Reason, context.Message.By);
    }

    public void EndCancelled(BehaviorContext<TaskSaga, CancelRequested> context)
    {
        var task = context.Saga;
        context.Message.Done = true;
        task.CancelRequested = true;
        task.Failure = FailureClass.Cancelled;
        task.Reason = context.Message.Reason is { } why ? $"cancelled: {why}" : "cancelled before it started";
        Remember(task, "cancel_requested", context.Message.Reason, context.Message.By);
        End(task, Now);
    }

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

        var outcome = task.Failure switch
        {
            null => AttemptOutcome.Succeeded,
            FailureClass.Lost => AttemptOutcome.Lost,
            FailureClass.Cancelled when task.CancelRequested => AttemptOutcome.Cancelled,
            _ => AttemptOutcome.Failed,
        };
        var row = Ended(task, outcome, result.Finished);
        row.StdoutBytes = result.StdoutBytes;
        row.StderrBytes = result.StderrBytes;
        row.PeakMemory = result.PeakMemory;
        row.CpuSeconds = result.CpuSeconds;
        row.BytesIn = result.BytesIn;
        row.BytesOut = result.BytesOut;
        row.Outputs = result.Outputs.Count == 0 ? null : JsonSerializer.Serialize(result.Outputs, ScitqJson.Rest);
        row.Warnings = result.Warnings.Count == 0 ? null : JsonSerializer.Serialize(result.Warnings, ScitqJson.Rest);
        if (result.Cache is { } cache) RecordCache(row, cache);
        if (task.Redelivers is not null) return;        // costs neither a loss nor a retry
        if (result.Failure is FailureClass.Lost or FailureClass.Cancelled && !task.CancelRequested) task.Losses++;
        else if (result.Failure is not null && task.RetriesLeft > 0 && !task.CancelRequested) task.RetriesLeft--;
    }

    public void RecordReleased(BehaviorContext<TaskSaga, AttemptReleased> context)
    {
        context.Saga.Reason = context.Message.Report.Phase;
        Ended(context.Saga, AttemptOutcome.Released, Now);
    }

    public void RecordLost(BehaviorContext<TaskSaga, LeaseLost> context)
    {
        var task = context.Saga;
        task.Losses++;
        task.Failure = FailureClass.Lost;
        task.Reason = context.Message.Why;
        task.ExitCode = null;
        Ended(task, AttemptOutcome.Lost, Now);
        Remember(task, "lost", context.Message.Why);
    }

    public void RecordUndelivered(BehaviorContext<TaskSaga, LeaseLost> context)
    {
        Remember(context.Saga, "lost", context.Message.Why);
        Undelivered(context.Saga, context.Message.Why);
    }

    public void RecordUndelivered(BehaviorContext<TaskSaga, AttemptReleased> context) => Undelivered(context.Saga, "the worker gave it back");

    /// <summary>An end of an attempt that is not the current one, or no longer: kept, and without effect.</summary>
    public void RecordLate(BehaviorContext<TaskSaga, AttemptEnded> context)
    {
        var report = context.Message.Report;
        context.Saga.Ends.Add(new RecordedEnd(report.Key.Attempt, null, null));
        var how = report.Result?.Failure is { } failure ? failure.ToString().ToLowerInvariant() : "succeeded";
        context.Saga.Effects.History.Add(new TaskEventRow
        {
            TaskId = context.Saga.CorrelationId,
            Attempt = report.Key.Attempt,
            At = Now,
            Kind = "late",
            Worker = context.Message.Worker,
            Detail = $"an end ({how}) under a lease that was no longer current; it changes nothing",
        });
    }

    public void NextAttempt(BehaviorContext<TaskSaga> context)
    {
        var task = context.Saga;
        task.Attempt++;
        task.Lease = null;
        task.Queued = Now;
        task.Accepted = task.Started = task.RunEnded = null;
        task.Phase = null;
        Changed(task);
    }

    public void BackOff(BehaviorContext<TaskSaga> context)
    {
        var task = context.Saga;
        var failures = Math.Max(1, task.Spec.Retry - task.RetriesLeft);
        var seconds = Math.Min(_options.RetryBackoffMaxSeconds, _options.RetryBackoffSeconds * Math.Pow(2, Math.Min(failures - 1, 30)));
        if (seconds <= 0)
        {
            task.Effects.Dispatch = true;
            return;
        }

        task.Due = Now.AddSeconds(seconds);
        task.Phase = "waits to be tried again";
    }

    public void Finish(BehaviorContext<TaskSaga> context) => End(context.Saga, Now);

    public void FinishPoison(BehaviorContext<TaskSaga> context)
    {
        var task = context.Saga;
        task.Failure = FailureClass.Lost;
        task.Reason = $"lost {task.Losses} workers, the last one: {task.Reason}. It may be what kills them; see the history, and relaunch it when that is ruled out.";
        End(task, Now);
    }

    public void Relaunch(BehaviorContext<TaskSaga, RelaunchRequested> context)
    {
        var task = context.Saga;
        context.Message.Done = true;

        // Cancelled before any worker had it, the current attempt was never used.
        if (task.Accepted is not null) task.Attempt++;
        task.Lease = null;
        task.Redelivers = null;
        task.CancelRequested = false;
        task.Losses = 0;
        task.Queued = Now;
        task.Accepted = task.Started = task.RunEnded = task.Finished = task.Due = null;
        task.ExitCode = null;
        task.Failure = null;
        task.Reason = task.Phase = null;
        Remember(task, "relaunched", context.Message.Reason, context.Message.By);
    }

    /// <summary>Gives the worker that keeps the output a lease for the next attempt, which only delivers. It is told by the answer to its next heartbeat.</summary>
    public void RetryUpload(BehaviorContext<TaskSaga, UploadRetryRequested> context)
    {
        var task = context.Saga;
        context.Message.Done = true;
        task.Redelivers ??= task.Attempt;
        task.Attempt++;
        task.Lease = Guid.NewGuid();
        task.Queued = Now;
        task.Accepted = Now;
        (task.Granted, task.HolderEpoch) = (null, null);
        task.Finished = null;
        task.CancelRequested = false;
        // When the command ran, and how it ended, stays as it was.
        task.Failure = null;
        task.Reason = null;
        task.Phase = $"the output of attempt {task.Redelivers} is to be delivered";
        Remember(task, "upload_retried", context.Message.Reason, context.Message.By);
    }

    /// <summary>PostgreSQL's text holds any character but NUL.</summary>
    private static string? Clean(string? text) => text?.Replace('\0', ' ');

    private static void Changed(TaskSaga task) => task.Effects.Changed = true;

    private static void End(TaskSaga task, DateTime at)
    {
        task.Finished = at;
        task.Lease = null;
        task.Due = null;
        task.Phase = null;
        Changed(task);
    }

    private static void RecordCache(AttemptRow row, CacheRecord cache)
    {
        (row.CachedFrom, row.NotReused) = (cache.From, Clean(cache.NotReused));
        if (row.Outcome != AttemptOutcome.Succeeded || cache.Key is null) return;
        row.CacheKey = cache.Key;
        row.CacheParts = JsonSerializer.Serialize(cache.Parts, ScitqJson.Rest);
    }

    private void Undelivered(TaskSaga task, string why)
    {
        task.Failure = FailureClass.Upload;
        task.Reason = $"{why}; the output of attempt {task.Redelivers} is not delivered, and worker {task.Worker} keeps it unless that was cleaned. Retry the upload when the worker is back, or relaunch to run the task again.";
        Ended(task, AttemptOutcome.Failed, Now);
    }

    private static AttemptRow Ended(TaskSaga task, AttemptOutcome outcome, DateTime at)
    {
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
        task.Effects.Attempts.Add(row);
        Changed(task);
        return row;
    }

    private void Remember(TaskSaga task, string kind, string? detail, string? by = null)
    {
        task.Effects.History.Add(new TaskEventRow { TaskId = task.CorrelationId, Attempt = task.Attempt, At = Now, Kind = kind, Worker = task.Worker, Detail = detail, ByWhom = by });
        Changed(task);
    }
}
