using MassTransit;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>
/// A task's life as a table: state, event, verbs, next state. Late and repeated events are named or ignored for every state; none is ever an error.
/// Lines for one event in one state exclude each other, so their order means nothing.
/// </summary>
internal sealed class TaskStateMachine : MassTransitStateMachine<TaskSaga>, SagaStateMachine<TaskSaga>
{
    private static readonly Type[] Published =
        [typeof(SubmitTask), typeof(CancelTask), typeof(StopTask), typeof(RelaunchTask), typeof(RetryUpload), typeof(PauseTask), typeof(ResumeTask)];

    private readonly EndingRules _rules;

    public TaskStateMachine(TaskVerbs verbs, EndingRules rules)
        : this(verbs, rules, table => table)
    {
    }

    /// <summary>For a test, which gives the lines in other orders.</summary>
    internal TaskStateMachine(TaskVerbs verbs, EndingRules rules, Func<IEnumerable<Line>, IEnumerable<Line>> arrange)
    {
        _rules = rules;
        InstanceState(x => x.CurrentState);
        Event(() => Submitted, e => e.CorrelateById(c => c.Message.TaskId).SetSagaFactory(c => TaskSaga.New(c.Message.TaskId)));
        Event(() => CancelRequested, e => e.CorrelateById(c => c.Message.TaskId));
        Event(() => StopRequested, e => e.CorrelateById(c => c.Message.TaskId));
        Event(() => RelaunchRequested, e => e.CorrelateById(c => c.Message.TaskId));
        Event(() => UploadRetryRequested, e => e.CorrelateById(c => c.Message.TaskId));
        Event(() => PauseRequested, e => e.CorrelateById(c => c.Message.TaskId));
        Event(() => ResumeRequested, e => e.CorrelateById(c => c.Message.TaskId));
        foreach (var (state, does) in arrange(Table(verbs))) During(state, does);

        // Whatever else comes late, twice, or for an attempt that is no longer the current one changes nothing.
        OnUnhandledEvent(context => Task.CompletedTask);
    }

    public State Waiting { get; private set; } = null!;

    public State Pending { get; private set; } = null!;

    public State Accepted { get; private set; } = null!;

    public State Running { get; private set; } = null!;

    public State Suspended { get; private set; } = null!;

    public State Uploading { get; private set; } = null!;

    public State Succeeded { get; private set; } = null!;

    public State Failed { get; private set; } = null!;

    public State Cancelled { get; private set; } = null!;

    public State Paused { get; private set; } = null!;

    public Event<SubmitTask> Submitted { get; private set; } = null!;

    public Event<CancelTask> CancelRequested { get; private set; } = null!;

    public Event<StopTask> StopRequested { get; private set; } = null!;

    public Event<RelaunchTask> RelaunchRequested { get; private set; } = null!;

    public Event<RetryUpload> UploadRetryRequested { get; private set; } = null!;

    public Event<UpdateRequested> UpdateRequested { get; private set; } = null!;

    public Event<PauseTask> PauseRequested { get; private set; } = null!;

    public Event<ResumeTask> ResumeRequested { get; private set; } = null!;

    public Event<Claimed> Claimed { get; private set; } = null!;

    public Event<StageReported> StageReported { get; private set; } = null!;

    public Event<AttemptEnded> AttemptEnded { get; private set; } = null!;

    public Event<AttemptReleased> AttemptReleased { get; private set; } = null!;

    public Event<StandstillTold> StandstillTold { get; private set; } = null!;

    public Event<LeaseLost> LeaseLost { get; private set; } = null!;

    public Event<PriorityGiven> PriorityGiven { get; private set; } = null!;

    public Event<RequirementsMet> RequirementsMet { get; private set; } = null!;

    public Event<RequirementFailed> RequirementFailed { get; private set; } = null!;

    public Event<RetryDue> RetryDue { get; private set; } = null!;

    public Event<DispatchDue> DispatchDue { get; private set; } = null!;

    /// <summary>
    /// The events that MassTransit's endpoint takes: those that users publish. The others are the coordinator's own; a message of that name from outside
    /// is one that nobody handles.
    /// </summary>
    IEnumerable<EventCorrelation> SagaStateMachine<TaskSaga>.Correlations =>
        Correlations.Where(c => Published.Contains(c.DataType));

    private IEnumerable<Line> Table(TaskVerbs verbs) =>
    [
        .. In([Initial],
            When(Submitted, verbs.HasRequirements).Then(verbs.Create).TransitionTo(Waiting),
            When(Submitted, verbs.HasNoRequirement).Then(verbs.Create).Then(verbs.Dispatch).TransitionTo(Pending)),

        .. In([Waiting],
            Ignore(Submitted),
            When(PauseRequested).Then(verbs.PauseWaiting).TransitionTo(Paused),
            When(RequirementsMet).Then(verbs.Queue).Then(verbs.DispatchAgain).TransitionTo(Pending),
            When(RequirementFailed).Then(verbs.EndDoomed).TransitionTo(Cancelled)),

        .. In([Pending],
            When(Submitted).Then(verbs.DispatchAgain),          // sent twice: its message may never have left
            When(DispatchDue).Then(verbs.DispatchAgain),
            When(PauseRequested).Then(verbs.Pause).TransitionTo(Paused),
            When(RetryDue).Then(verbs.ForgetDue).Then(verbs.Dispatch),
            When(Claimed, ClaimVerdict.Granted).Then(verbs.Grant).TransitionTo(Accepted),
            When(Claimed, ClaimVerdict.TooOld).Then(verbs.RefuseTooOld),
            When(Claimed, ClaimVerdict.Refused).Then(verbs.Refuse)),

        // A retry waits out its back-off here as well, and what it requires is looked at once it goes on.
        .. In([Paused],
            Ignore(Submitted),
            When(PauseRequested).Then(verbs.Agree),
            When(RetryDue).Then(verbs.ForgetDue),
            When(ResumeRequested, verbs.IsToWait).Then(verbs.Resume).TransitionTo(Waiting),
            When(ResumeRequested, verbs.IsToQueue).Then(verbs.Resume).Then(verbs.DispatchAgain).TransitionTo(Pending)),

        // No worker has it: cancelled at once, and what a former holder reports comes late.
        .. In([Waiting, Pending, Paused],
            When(CancelRequested).Then(verbs.EndCancelled).TransitionTo(Cancelled),
            When(AttemptEnded, Ending.Late).Then(verbs.RecordLate)),
        .. In([Waiting, Paused],
            When(Claimed).Then(verbs.Refuse)),

        .. In([Accepted],
            When(StageReported, AttemptStage.Running).Then(verbs.RecordStage).TransitionTo(Running),
            When(StageReported, AttemptStage.Uploading).Then(verbs.RecordStage).TransitionTo(Uploading),
            When(StageReported, AttemptStage.Accepted).Then(verbs.RecordStage),
            When(AttemptReleased, Ending.Requeued).Then(verbs.RecordReleased).Then(verbs.NextAttempt).Then(verbs.Dispatch).TransitionTo(Pending),
            When(AttemptReleased, Ending.RequeuedPaused).Then(verbs.RecordReleased).Then(verbs.NextAttempt).TransitionTo(Paused),
            When(AttemptReleased, Ending.Undelivered).Then(verbs.RecordUndelivered).Then(verbs.Finish).TransitionTo(Failed),
            When(AttemptReleased, Ending.Cancelled).Then(verbs.RecordReleased).Then(verbs.Finish).TransitionTo(Cancelled)),

        .. In([Running],
            When(StageReported, AttemptStage.Uploading).Then(verbs.RecordStage).TransitionTo(Uploading),
            When(StageReported, AttemptStage.Running).Then(verbs.RecordStage)),

        .. In([Suspended],
            When(StageReported, AttemptStage.Running).Then(verbs.RecordStage),      // of its start; heartbeats tell when it goes on
            When(StageReported, AttemptStage.Uploading).Then(verbs.RecordStage).TransitionTo(Uploading),
            When(StandstillTold, verbs.GoesOn).Then(verbs.RecordContinued).TransitionTo(Running)),

        .. In([Accepted, Running],
            When(StandstillTold, verbs.StandsStill).Then(verbs.RecordSuspended).TransitionTo(Suspended)),

        // The worker is asked; its heartbeat tells when it is so.
        .. In([Accepted, Running, Suspended],
            When(PauseRequested, verbs.CanBePaused).Then(verbs.AskPause),
            When(ResumeRequested, verbs.IsToBePaused).Then(verbs.AskResume)),

        .. In([Uploading],
            When(StageReported, AttemptStage.Uploading).Then(verbs.RecordStage)),

        // A report may overtake the ones before it, so an end is taken in each state in which a worker holds the lease.
        .. In([Accepted, Running, Suspended, Uploading],
            Ignore(Submitted),
            When(Claimed, ClaimVerdict.GrantedAgain).Then(verbs.GrantAgain),      // its answer was lost, or the worker was started again
            When(Claimed, ClaimVerdict.Refused).Then(verbs.Refuse),
            When(AttemptEnded, Ending.Late).Then(verbs.RecordLate),
            When(AttemptEnded, Ending.Succeeded).Then(verbs.RecordEnd).Then(verbs.Finish).TransitionTo(Succeeded),
            When(AttemptEnded, Ending.Cancelled).Then(verbs.RecordEnd).Then(verbs.Finish).TransitionTo(Cancelled),
            When(AttemptEnded, Ending.FailedWithRetry).Then(verbs.RecordEnd).Then(verbs.NextAttempt).Then(verbs.BackOff).Then(verbs.Dispatch)
                .TransitionTo(Pending),
            When(AttemptEnded, Ending.FailedPaused).Then(verbs.RecordEnd).Then(verbs.NextAttempt).Then(verbs.BackOff).TransitionTo(Paused),
            When(AttemptEnded, Ending.FailedLast).Then(verbs.RecordEnd).Then(verbs.Finish).TransitionTo(Failed),
            When(AttemptEnded, Ending.Requeued).Then(verbs.RecordEnd).Then(verbs.NextAttempt).Then(verbs.Dispatch).TransitionTo(Pending),
            When(AttemptEnded, Ending.RequeuedPaused).Then(verbs.RecordEnd).Then(verbs.NextAttempt).TransitionTo(Paused),
            When(AttemptEnded, Ending.Poison).Then(verbs.RecordEnd).Then(verbs.FinishPoison).TransitionTo(Failed),
            When(LeaseLost, Ending.Cancelled).Then(verbs.RecordLost).Then(verbs.Finish).TransitionTo(Cancelled),
            When(LeaseLost, Ending.Requeued).Then(verbs.RecordLost).Then(verbs.NextAttempt).Then(verbs.Dispatch).TransitionTo(Pending),
            When(LeaseLost, Ending.RequeuedPaused).Then(verbs.RecordLost).Then(verbs.NextAttempt).TransitionTo(Paused),
            When(LeaseLost, Ending.Poison).Then(verbs.RecordLost).Then(verbs.FinishPoison).TransitionTo(Failed),
            When(LeaseLost, Ending.Undelivered).Then(verbs.RecordUndelivered).Then(verbs.Finish).TransitionTo(Failed),
            When(StopRequested).Then(verbs.AskStop),
            When(CancelRequested).Then(verbs.AskStop)),

        // Of an attempt under way it counts for the next one.
        .. In([Waiting, Pending, Paused, Accepted, Running, Suspended, Uploading],
            When(PriorityGiven).Then(verbs.GivePriority)),

        .. In([Succeeded, Failed, Cancelled],
            Ignore(Submitted),
            When(Claimed).Then(verbs.Refuse),
            When(AttemptEnded, Ending.Late).Then(verbs.RecordLate),
            When(RelaunchRequested, verbs.HasNoUpdate).Then(verbs.Relaunch).Then(verbs.DispatchAgain).TransitionTo(Pending),
            When(RelaunchRequested, verbs.HasUpdate).Then(verbs.Relaunch).TransitionTo(Waiting)),

        .. In([Failed],
            When(UploadRetryRequested, verbs.HasUndelivered).Then(verbs.RetryUpload).TransitionTo(Accepted)),

        .. Updates(verbs),
    ];

    /// <summary>Where a changed task may require others than before, it waits until that is looked at, which is at once.</summary>
    private IEnumerable<Line> Updates(TaskVerbs verbs) =>
    [
        .. In([Waiting, Pending, Paused, Accepted, Running, Suspended, Uploading, Succeeded, Failed, Cancelled],
            When(UpdateRequested, UpdateVerdict.Refused).Then(verbs.RefuseUpdate)),
        .. In([Waiting, Pending, Paused],
            When(UpdateRequested, UpdateVerdict.InPlace).Then(verbs.UpdateInPlace)),
        .. In([Waiting, Paused],
            When(UpdateRequested, UpdateVerdict.ToWait).Then(verbs.UpdateInPlace)),
        .. In([Pending],
            When(UpdateRequested, UpdateVerdict.ToWait).Then(verbs.UpdateInPlace).TransitionTo(Waiting)),
        .. In([Accepted, Running, Suspended, Uploading],
            When(UpdateRequested, UpdateVerdict.Restart).Then(verbs.AskRestart),
            When(AttemptEnded, Ending.Restarted).Then(verbs.RecordEnd).Then(verbs.NextAttempt).TransitionTo(Waiting),
            When(AttemptEnded, Ending.RestartedPaused).Then(verbs.RecordEnd).Then(verbs.NextAttempt).Then(verbs.WaitOnceResumed).TransitionTo(Paused),
            When(LeaseLost, Ending.Restarted).Then(verbs.RecordLost).Then(verbs.NextAttempt).TransitionTo(Waiting),
            When(LeaseLost, Ending.RestartedPaused).Then(verbs.RecordLost).Then(verbs.NextAttempt).Then(verbs.WaitOnceResumed).TransitionTo(Paused)),
        .. In([Accepted],
            When(AttemptReleased, Ending.Restarted).Then(verbs.RecordReleased).Then(verbs.NextAttempt).TransitionTo(Waiting),
            When(AttemptReleased, Ending.RestartedPaused).Then(verbs.RecordReleased).Then(verbs.NextAttempt).Then(verbs.WaitOnceResumed)
                .TransitionTo(Paused)),
        .. In([Succeeded, Failed, Cancelled],
            When(UpdateRequested, UpdateVerdict.Kept).Then(verbs.KeepUpdate),
            When(UpdateRequested, UpdateVerdict.Relaunch).Then(verbs.KeepUpdate).Then(verbs.RelaunchUpdated).TransitionTo(Waiting)),
    ];

    private static IEnumerable<Line> In(State[] states, params EventActivities<TaskSaga>[] lines) =>
        states.SelectMany(state => lines.Select(line => new Line(state, line)));

    private EventActivityBinder<TaskSaga, AttemptEnded> When(Event<AttemptEnded> @event, Ending ending) =>
        When(@event, context => (context.Effects().Ending ??= _rules.Of(context.Saga, context.Effects(), context.Message)) == ending);

    private EventActivityBinder<TaskSaga, LeaseLost> When(Event<LeaseLost> @event, Ending ending) =>
        When(@event, context => (context.Effects().Ending ??= _rules.Of(context.Saga, context.Message)) == ending);

    private EventActivityBinder<TaskSaga, AttemptReleased> When(Event<AttemptReleased> @event, Ending ending) =>
        When(@event, context => (context.Effects().Ending ??= EndingRules.Of(context.Saga, context.Message)) == ending);

    private EventActivityBinder<TaskSaga, Claimed> When(Event<Claimed> @event, ClaimVerdict verdict) =>
        When(@event, context => (context.Effects().Claim ??= EndingRules.Of(context.Saga, context.Message)) == verdict);

    private EventActivityBinder<TaskSaga, UpdateRequested> When(Event<UpdateRequested> @event, UpdateVerdict verdict) =>
        When(@event, context => (context.Effects().Update ??= UpdateRules.Of(context.Saga, context.Message)).Verdict == verdict);

    /// <summary>A report of the current attempt; recording it changes nothing that the other lines ask.</summary>
    private EventActivityBinder<TaskSaga, StageReported> When(Event<StageReported> @event, AttemptStage stage) =>
        When(@event, context => context.Message.Report.Stage == stage && context.Saga.Key == context.Message.Report.Key);

    /// <summary>One line of the table, for one state.</summary>
    internal sealed record Line(State State, EventActivities<TaskSaga> Does);
}
