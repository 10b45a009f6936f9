using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>
/// The conditions of the table. Of those for one event in one state, at most one may hold, also after the lines above it have
/// acted: the state machine asks each in turn. A line that ends an attempt takes the lease away, so that no later one matches.
/// </summary>
internal sealed partial class TaskVerbs
{
    public bool HasRequirements(BehaviorContext<TaskSaga, Submitted> context) => context.Message.Requirements.Count > 0;

    public bool HasNoRequirement(BehaviorContext<TaskSaga, Submitted> context) => !HasRequirements(context);

    public bool MayClaim(BehaviorContext<TaskSaga, Claimed> context) => IsDue(context) && Abilities.Missing(context.Saga.Spec, context.Message.Knows) is null;

    public bool IsBeyond(BehaviorContext<TaskSaga, Claimed> context) => IsDue(context) && !MayClaim(context);

    public bool MayNotClaim(BehaviorContext<TaskSaga, Claimed> context) => !IsDue(context);

    public bool IsHolder(BehaviorContext<TaskSaga, Claimed> context) =>
        context.Saga.Worker == context.Message.Worker && context.Saga.Attempt == context.Message.Attempt && !context.Saga.CancelRequested && !IsRedelivery(context);

    public bool IsNotHolder(BehaviorContext<TaskSaga, Claimed> context) => !IsHolder(context);

    public bool IsCurrentStaging(BehaviorContext<TaskSaga, StageReported> context) => IsCurrent(context, context.Message.Report, AttemptStage.Accepted);

    public bool IsCurrentRunning(BehaviorContext<TaskSaga, StageReported> context) => IsCurrent(context, context.Message.Report, AttemptStage.Running);

    public bool IsCurrentUploading(BehaviorContext<TaskSaga, StageReported> context) => IsCurrent(context, context.Message.Report, AttemptStage.Uploading);

    public bool IsCurrentRelease(BehaviorContext<TaskSaga, AttemptReleased> context) =>
        context.Saga.Key == context.Message.Report.Key && !context.Saga.CancelRequested && !IsRedelivery(context);

    public bool IsReleaseOfRedelivery(BehaviorContext<TaskSaga, AttemptReleased> context) =>
        context.Saga.Key == context.Message.Report.Key && !context.Saga.CancelRequested && IsRedelivery(context);

    public bool IsCancelledRelease(BehaviorContext<TaskSaga, AttemptReleased> context) => context.Saga.Key == context.Message.Report.Key && context.Saga.CancelRequested;

    public bool IsSuccess(BehaviorContext<TaskSaga, AttemptEnded> context) => Current(context) is { Failure: null } && !context.Saga.CancelRequested;

    /// <summary>The user's cancel is final: whatever the attempt ended by, a success too, nothing follows from it.</summary>
    public bool IsCancelled(BehaviorContext<TaskSaga, AttemptEnded> context) => Current(context) is not null && context.Saga.CancelRequested;

    public bool IsFailureWithRetry(BehaviorContext<TaskSaga, AttemptEnded> context) => IsOwnFailure(context) && context.Saga.RetriesLeft > 0 && !IsRedelivery(context);

    /// <summary>However a redelivery ends badly, the command is not run again for it.</summary>
    public bool IsLastFailure(BehaviorContext<TaskSaga, AttemptEnded> context) =>
        IsRedelivery(context) ? IsOwnFailure(context) || IsLoss(context) : IsOwnFailure(context) && context.Saga.RetriesLeft == 0;

    public bool IsLossWithRetry(BehaviorContext<TaskSaga, AttemptEnded> context) => IsLoss(context) && !IsRedelivery(context) && context.Saga.Losses + 1 < _options.MaxLosses;

    public bool IsLastLoss(BehaviorContext<TaskSaga, AttemptEnded> context) => IsLoss(context) && !IsRedelivery(context) && context.Saga.Losses + 1 >= _options.MaxLosses;

    public bool IsStaleEnd(BehaviorContext<TaskSaga, AttemptEnded> context)
    {
        // The end of the current attempt again, after it was recorded, is no news.
        var (task, key) = (context.Saga, context.Message.Report.Key);
        return (task.State.IsTerminal() ? key.Attempt != task.Attempt : key != task.Key) && !IsRepeated(task, context.Message.Report);
    }

    /// <summary>Agents repeat ends until they are answered: one that is recorded, or was noted as late, is no news either.</summary>
    public bool IsNews(BehaviorContext<TaskSaga, AttemptEnded> context) => !IsRepeated(context.Saga, context.Message.Report);

    private static bool IsRepeated(TaskSaga task, AttemptReport report) =>
        task.Effects.Attempts.Any(a => a.Attempt == report.Key.Attempt && a.Lease == report.Key.Lease && Same(a.Finished, report.Result!.Finished))
        || task.Ends.Any(e => e.Attempt == report.Key.Attempt && (e.Lease is null || (e.Lease == report.Key.Lease && Same(e.Finished!.Value, report.Result!.Finished))));

    /// <summary>PostgreSQL keeps microseconds.</summary>
    private static bool Same(DateTime one, DateTime other) => Math.Abs((one - other).Ticks) < TimeSpan.TicksPerMillisecond;

    public bool IsCurrentLossCancelled(BehaviorContext<TaskSaga, LeaseLost> context) => Holds(context) && context.Saga.CancelRequested;

    public bool IsCurrentLoss(BehaviorContext<TaskSaga, LeaseLost> context) => IsLoss(context) && context.Saga.Losses + 1 < _options.MaxLosses;

    public bool IsCurrentLastLoss(BehaviorContext<TaskSaga, LeaseLost> context) => IsLoss(context) && context.Saga.Losses + 1 >= _options.MaxLosses;

    public bool IsLossOfRedelivery(BehaviorContext<TaskSaga, LeaseLost> context) => Holds(context) && !context.Saga.CancelRequested && IsRedelivery(context);

    /// <summary>One that was found out not to be deliverable before it ran has left nothing.</summary>
    public bool HasUndelivered(BehaviorContext<TaskSaga, UploadRetryRequested> context) => context.Saga is { Worker: not null }
        and ({ Failure: FailureClass.Upload, ExitCode: not null } or { Failure: FailureClass.Disk, ExitCode: 0 });

    private static bool IsDue(BehaviorContext<TaskSaga, Claimed> context) => context.Saga.Attempt == context.Message.Attempt && context.Saga.Due is null;

    private static bool IsLoss(BehaviorContext<TaskSaga, LeaseLost> context) => Holds(context) && !context.Saga.CancelRequested && !IsRedelivery(context);

    private static bool IsRedelivery(BehaviorContext<TaskSaga> context) => context.Saga.Redelivers is not null;

    private static bool Holds(BehaviorContext<TaskSaga, LeaseLost> context) => context.Saga.Lease == context.Message.Lease;

    private static bool IsCurrent(BehaviorContext<TaskSaga> context, AttemptReport report, AttemptStage stage) =>
        report.Stage == stage && context.Saga.Key == report.Key;

    private static AttemptResult? Current(BehaviorContext<TaskSaga, AttemptEnded> context) =>
        context.Saga.Key == context.Message.Report.Key ? context.Message.Report.Result : null;

    private static bool IsOwnFailure(BehaviorContext<TaskSaga, AttemptEnded> context) =>
        Current(context) is { Failure: { } failure } && failure is not (FailureClass.Lost or FailureClass.Cancelled) && !context.Saga.CancelRequested;

    /// <summary>A worker that stopped an attempt nobody cancelled has lost it.</summary>
    private static bool IsLoss(BehaviorContext<TaskSaga, AttemptEnded> context) =>
        Current(context) is { Failure: FailureClass.Lost or FailureClass.Cancelled } && !context.Saga.CancelRequested;
}
