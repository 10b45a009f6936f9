using MassTransit;
using Scitq.Contracts;

namespace Scitq.Coordinator.Tasks;

/// <summary>
/// A task's life as a table: state, event, verbs, next state. Late and repeated events are named or ignored for every
/// state; none is ever an error. <see cref="TaskRules.Next"/> says the same as a function, and a test compares the two.
/// </summary>
internal sealed class TaskStateMachine : MassTransitStateMachine<TaskSaga>
{
    public TaskStateMachine(TaskVerbs verbs)
    {
        InstanceState(x => x.CurrentState);

        Initially(
            When(Submitted, verbs.HasRequirements).Then(verbs.Create).TransitionTo(Waiting),
            When(Submitted, verbs.HasNoRequirement).Then(verbs.Create).Then(verbs.Dispatch).TransitionTo(Pending));

        During(Waiting,
            Ignore(Submitted),
            When(RequirementsMet).Then(verbs.Queue).Then(verbs.Dispatch).TransitionTo(Pending),
            When(CancelRequested).Then(verbs.EndCancelled).TransitionTo(Cancelled));

        During(Pending,
            When(Submitted).Then(verbs.Dispatch),               // sent twice: its message may never have left
            When(DispatchDue).Then(verbs.Dispatch),
            When(RetryDue).Then(verbs.ForgetDue).Then(verbs.Dispatch),
            When(Claimed, verbs.MayClaim).Then(verbs.Grant).TransitionTo(Accepted),
            When(Claimed, verbs.IsBeyond).Then(verbs.RefuseTooOld),
            When(Claimed, verbs.MayNotClaim).Then(verbs.Refuse),
            When(CancelRequested).Then(verbs.EndCancelled).TransitionTo(Cancelled));

        During(Accepted,
            When(StageReported, verbs.IsCurrentRunning).Then(verbs.RecordStage).TransitionTo(Running),
            When(StageReported, verbs.IsCurrentUploading).Then(verbs.RecordStage).TransitionTo(Uploading),
            When(StageReported, verbs.IsCurrentStaging).Then(verbs.RecordStage),
            When(AttemptReleased, verbs.IsCurrentRelease).Then(verbs.RecordReleased).Then(verbs.NextAttempt).Then(verbs.Dispatch).TransitionTo(Pending),
            When(AttemptReleased, verbs.IsReleaseOfRedelivery).Then(verbs.RecordUndelivered).Then(verbs.Finish).TransitionTo(Failed),
            When(AttemptReleased, verbs.IsCancelledRelease).Then(verbs.RecordReleased).Then(verbs.Finish).TransitionTo(Cancelled));

        During(Running,
            When(StageReported, verbs.IsCurrentUploading).Then(verbs.RecordStage).TransitionTo(Uploading),
            When(StageReported, verbs.IsCurrentRunning).Then(verbs.RecordStage));

        During(Uploading,
            When(StageReported, verbs.IsCurrentUploading).Then(verbs.RecordStage));

        // A report may overtake the ones before it, so an end is taken in each state in which a worker holds the lease.
        During([Accepted, Running, Uploading],
            Ignore(Submitted),
            When(Claimed, verbs.IsHolder).Then(verbs.GrantAgain),      // its answer was lost, or the worker was started again
            When(Claimed, verbs.IsNotHolder).Then(verbs.Refuse),
            // First: each condition sees what the lines above it have done, and to a finished attempt its own end looks stale.
            When(AttemptEnded, verbs.IsStaleEnd).Then(verbs.RecordLate),
            When(AttemptEnded, verbs.IsSuccess).Then(verbs.RecordEnd).Then(verbs.Finish).TransitionTo(Succeeded),
            When(AttemptEnded, verbs.IsCancelled).Then(verbs.RecordEnd).Then(verbs.Finish).TransitionTo(Cancelled),
            When(AttemptEnded, verbs.IsFailureWithRetry).Then(verbs.RecordEnd).Then(verbs.NextAttempt).Then(verbs.BackOff).TransitionTo(Pending),
            When(AttemptEnded, verbs.IsLastFailure).Then(verbs.RecordEnd).Then(verbs.Finish).TransitionTo(Failed),
            When(AttemptEnded, verbs.IsLossWithRetry).Then(verbs.RecordEnd).Then(verbs.NextAttempt).Then(verbs.Dispatch).TransitionTo(Pending),
            When(AttemptEnded, verbs.IsLastLoss).Then(verbs.RecordEnd).Then(verbs.FinishPoison).TransitionTo(Failed),
            When(LeaseLost, verbs.IsCurrentLossCancelled).Then(verbs.RecordLost).Then(verbs.Finish).TransitionTo(Cancelled),
            When(LeaseLost, verbs.IsCurrentLoss).Then(verbs.RecordLost).Then(verbs.NextAttempt).Then(verbs.Dispatch).TransitionTo(Pending),
            When(LeaseLost, verbs.IsCurrentLastLoss).Then(verbs.RecordLost).Then(verbs.FinishPoison).TransitionTo(Failed),
            When(LeaseLost, verbs.IsLossOfRedelivery).Then(verbs.RecordUndelivered).Then(verbs.Finish).TransitionTo(Failed),
            When(CancelRequested).Then(verbs.AskStop));

        During([Succeeded, Failed, Cancelled],
            Ignore(Submitted),
            When(Claimed).Then(verbs.Refuse),
            When(AttemptEnded, verbs.IsStaleEnd).Then(verbs.RecordLate),
            When(RelaunchRequested).Then(verbs.Relaunch).Then(verbs.Dispatch).TransitionTo(Pending));
        During(Failed,
            When(UploadRetryRequested, verbs.HasUndelivered).Then(verbs.RetryUpload).TransitionTo(Accepted));

        During(Paused,
            Ignore(Submitted),
            When(Claimed).Then(verbs.Refuse),
            When(CancelRequested).Then(verbs.EndCancelled).TransitionTo(Cancelled));

        During([Waiting, Pending, Paused],
            When(AttemptEnded, verbs.IsNews).Then(verbs.RecordLate));
        During(Waiting,
            When(Claimed).Then(verbs.Refuse));

        // Whatever else comes late, twice, or for an attempt that is no longer the current one changes nothing.
        OnUnhandledEvent(context => Task.CompletedTask);
    }

    public State Waiting { get; private set; } = null!;

    public State Pending { get; private set; } = null!;

    public State Accepted { get; private set; } = null!;

    public State Running { get; private set; } = null!;

    public State Uploading { get; private set; } = null!;

    public State Succeeded { get; private set; } = null!;

    public State Failed { get; private set; } = null!;

    public State Cancelled { get; private set; } = null!;

    public State Paused { get; private set; } = null!;

    public Event<Submitted> Submitted { get; private set; } = null!;

    public Event<Claimed> Claimed { get; private set; } = null!;

    public Event<StageReported> StageReported { get; private set; } = null!;

    public Event<AttemptEnded> AttemptEnded { get; private set; } = null!;

    public Event<AttemptReleased> AttemptReleased { get; private set; } = null!;

    public Event<LeaseLost> LeaseLost { get; private set; } = null!;

    public Event<RequirementsMet> RequirementsMet { get; private set; } = null!;

    public Event<RetryDue> RetryDue { get; private set; } = null!;

    public Event<DispatchDue> DispatchDue { get; private set; } = null!;

    public Event<CancelRequested> CancelRequested { get; private set; } = null!;

    public Event<RelaunchRequested> RelaunchRequested { get; private set; } = null!;

    public Event<UploadRetryRequested> UploadRetryRequested { get; private set; } = null!;
}
