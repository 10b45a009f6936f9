using Microsoft.Extensions.Options;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>Decides what an end, a loss, a release or a claim means for a task as it stands.</summary>
internal sealed class EndingRules(IOptions<TaskOptions> options)
{
    private readonly TaskOptions _options = options.Value;

    /// <summary>A worker reports an end.</summary>
    public Ending Of(TaskSaga task, TaskEffects effects, AttemptEnded ended)
    {
        var report = ended.Report;
        if (task.State.IsActive() && task.Key == report.Key) return OfCurrent(task, report.Result!);
        // Of the current attempt, once that is over, an end is no news.
        if (task.State.IsTerminal() && task.Attempt == report.Key.Attempt) return Ending.Known;
        return IsRepeated(effects, report) ? Ending.Known : Ending.Late;
    }

    /// <summary>A lease's holder is gone.</summary>
    public Ending Of(TaskSaga task, LeaseLost lost)
    {
        if (task.Lease != lost.Lease) return Ending.Known;
        if (task.CancelRequested) return Ending.Cancelled;
        if (task.RestartRequested) return Anew(task);
        return task.Redelivers is not null ? Ending.Undelivered : Lost(task);
    }

    /// <summary>A worker gives an attempt back.</summary>
    public static Ending Of(TaskSaga task, AttemptReleased released)
    {
        if (task.Key != released.Report.Key) return Ending.Known;
        if (task.CancelRequested) return Ending.Cancelled;
        if (task.RestartRequested) return Anew(task);
        return task.Redelivers is not null ? Ending.Undelivered : Again(task);
    }

    /// <summary>A worker claims an attempt.</summary>
    public static ClaimVerdict Of(TaskSaga task, Claimed claim)
    {
        if (task.Attempt != claim.Attempt) return ClaimVerdict.Refused;
        if (task.State == TaskState.Pending)
            return task.Due is not null || claim.Stopped.Contains(task.Batch) ? ClaimVerdict.Refused
                : Abilities.Missing(task.Spec, claim.Knows) is null ? ClaimVerdict.Granted : ClaimVerdict.TooOld;
        var holds = task.State.IsActive() && task.Worker == claim.Worker && task is { CancelRequested: false, RestartRequested: false, Redelivers: null };
        return holds ? ClaimVerdict.GrantedAgain : ClaimVerdict.Refused;
    }

    private Ending OfCurrent(TaskSaga task, AttemptResult result)
    {
        // The user's cancel is final: whatever the attempt ended by, a success too, nothing follows from it.
        if (task.CancelRequested) return Ending.Cancelled;
        // So is the restart.
        if (task.RestartRequested) return Anew(task);
        if (result.Failure is not { } failure) return Ending.Succeeded;
        // However a redelivery ends badly, the command is not run again for it.
        if (task.Redelivers is not null) return Ending.FailedLast;
        // A worker that stopped an attempt nobody cancelled has lost it.
        if (failure is FailureClass.Lost or FailureClass.Cancelled) return Lost(task);
        return task.RetriesLeft <= 0 ? Ending.FailedLast : task.PauseRequested ? Ending.FailedPaused : Ending.FailedWithRetry;
    }

    private Ending Lost(TaskSaga task) => task.Losses + 1 < _options.MaxLosses ? Again(task) : Ending.Poison;

    private static Ending Again(TaskSaga task) => task.PauseRequested ? Ending.RequeuedPaused : Ending.Requeued;

    private static Ending Anew(TaskSaga task) => task.PauseRequested ? Ending.RestartedPaused : Ending.Restarted;

    /// <summary>Agents repeat ends until they are answered: one that is recorded, or was noted as late, is no news.</summary>
    private static bool IsRepeated(TaskEffects effects, AttemptReport report)
    {
        var (_, attempt, lease) = report.Key;
        var finished = report.Result!.Finished;
        return effects.Attempts.Exists(a => a.Attempt == attempt && a.Lease == lease && Same(a.Finished, finished))
            || effects.KnownEnds.Exists(e => e.Attempt == attempt && (e.Lease is null || (e.Lease == lease && Same(e.Finished!.Value, finished))));
    }

    /// <summary>PostgreSQL keeps microseconds.</summary>
    private static bool Same(DateTime one, DateTime other) => Math.Abs((one - other).Ticks) < TimeSpan.TicksPerMillisecond;
}
