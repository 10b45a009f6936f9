using MassTransit;
using Microsoft.Extensions.Options;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Tasks.Saga;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>
/// A world in which everything goes wrong: one task, the real state machine and the real rules of leases, two coordinators on one database, three
/// agents that follow the protocol, a network that reorders, repeats and (what is not durable) loses, processes that die or are paused at any
/// moment, a database that goes away, clocks that are set, uploads that fail and a user who retries them, pauses and resumes. Every decision is a pair of numbers, so
/// that a run can be repeated and shrunk.
/// </summary>
internal sealed class LeaseWorld
{
    private const int LeaseSeconds = 30;
    private static readonly Clock World = new();
    private static readonly LeaseRules Rules = new(Options.Create(new TaskOptions()));
    private static readonly IOptions<TaskOptions> Patient = Options.Create(new TaskOptions { MaxLosses = 1000, RetryBackoffSeconds = 0 });
    private static readonly TaskStateMachine Machine = new(new TaskVerbs(Patient, World), new EndingRules(Patient));
    private readonly List<Message> _network = [];
    private readonly Agent[] _agents = [new(0), new(1), new(2)];
    private readonly TaskSpec _spec;
    private readonly bool _fenced;
    private readonly bool _pauses;
    private readonly Coordinator[] _coordinators = [new(), new()];
    private Hearing _hearing;
    private long _databaseBack;
    private bool _interrupted;
    private readonly TaskEffects _effects = new();
    private TaskSaga? _task;
    private AttemptKey? _outputs;
    private int _requests;
    private int _successes;
    private TaskState? _end;
    private bool _ended;

    /// <param name="retry">The user's retries.</param>
    /// <param name="fenced">False leaves out the agents' own fence, to show that the checker finds what follows.</param>
    /// <param name="pauses">Whether the user pauses the task now and then, and lets it go on. A task that mostly stands still meets fewer other faults.</param>
    /// <param name="traced">Whether to write down what happens, for a person to read.</param>
    public LeaseWorld(int retry, bool fenced = true, bool pauses = false, bool traced = false)
    {
        Trace = traced ? [] : null;
        _spec = new TaskSpec { Argv = ["true"], Retry = retry };
        (_fenced, _pauses) = (fenced, pauses);
        World.Seconds = 0;
        World.Set(0);
        _hearing = new Hearing(0, -1, World.Now);
        Send(new Message(Kind.Submit));
        foreach (var agent in _agents) (agent.Known, agent.Epoch) = (true, 0);
    }

    private enum Kind { Submit, Queued, Register, Registered, Unknown, Claim, Granted, Refused, Report, Recorded, Heartbeat, Renewed, Cancel, Stop, Pause, Resume, StandStill }

    /// <summary>What went wrong, or null.</summary>
    public string? Violation { get; private set; }

    /// <summary>What happened.</summary>
    public List<string>? Trace { get; }

    /// <summary>How many attempts it took.</summary>
    public int Attempts => _task?.Attempt ?? 0;

    /// <summary>Whether an agent took a grant up whose answer was late, or lost.</summary>
    public bool TakenLate { get; private set; }

    /// <summary>Whether its command stood still.</summary>
    public bool StoodStill { get; private set; }

    /// <summary>Whether its output was delivered by a retry of the upload.</summary>
    public bool Redelivered => _task is { State: TaskState.Succeeded, Redelivers: not null };

    public void Step(int decision, int choice)
    {
        switch (decision % (_pauses ? 15 : 13))
        {
            case 0 or 1 or 2: Deliver(choice, keep: false); break;
            case 3: Deliver(choice, keep: true); break;
            case 4: Lose(choice); break;
            case 5: Pass(1 + (choice % 24)); break;
            case 6 or 7: Work(_agents[choice % 3], choice / 3); break;
            case 8: Kill(_agents[choice % 3]); break;
            case 9: Beat(_agents[choice % 3]); break;
            case 10: Reconcile(); break;
            case 11 when choice % 40 == 0: Send(new Message(choice % 80 == 0 ? Kind.Cancel : Kind.Stop)); break;
            case 11 when choice % 40 < 30: RetryUpload(); break;
            case 12 when choice % 4 == 0: Pause(_coordinators[choice / 4 % 2], choice / 8 % 90); break;
            case 12 when choice % 16 == 1: Away(choice / 16 % 70); break;
            case 12 when choice % 16 == 3: World.Set((choice / 16 % 400) - 200); break;
            case 13: Send(new Message(Kind.Pause)); break;
            case 14: Send(new Message(Kind.Resume)); break;
            case 12 when choice % 16 == 5: Register(_agents[choice / 16 % 3]); break;
        }

        Check();
    }

    /// <summary>No more faults: what is to stand still does, and once all may go on, all must come to an end.</summary>
    public void Settle()
    {
        _databaseBack = 0;
        foreach (var coordinator in _coordinators) coordinator.PausedUntil = 0;
        Until(
            () => _task is { } task && (task.State.IsTerminal()
                || (!_network.Any(m => m.Kind is Kind.Pause or Kind.Resume) && (!task.PauseRequested || StandsStill(task)))),
            "not quiet");
        Until(
            () =>
            {
                if (_task is { PauseRequested: true } && !_network.Any(m => m.Kind == Kind.Resume)) Send(new Message(Kind.Resume));
                return _task is { } task && task.State.IsTerminal();
            },
            "not ended");
    }

    /// <summary>Held here, or by the worker; while it delivers, or waits for its worker to say how it ended, there is nothing to stand still.</summary>
    private bool StandsStill(TaskSaga task) =>
        task.State is TaskState.Paused or TaskState.Uploading || (task.State == TaskState.Suspended && _agents[task.Worker![1] - '0'].Held is { Suspended: true });

    private void Until(Func<bool> done, string otherwise)
    {
        for (var i = 0; i < 4000 && Violation is null && !done(); i++)
        {
            if (_network.Count > 0) Deliver(0, keep: false);
            foreach (var agent in _agents)
            {
                if (i % 7 == 0) Work(agent, i);
                if (i % 11 == 0) Beat(agent);
            }

            if (i % 20 == 0)
            {
                Pass(2);
                Reconcile();
            }

            Check();
        }

        if (Violation is null && !done()) Violation = $"{otherwise} after the faults did: {_task?.State} {_task?.PauseTurn}";
    }

    private void Send(Message message) => _network.Add(message);

    /// <summary>The one who handles the next message; null while nobody does.</summary>
    private Coordinator? Hearer(int choice)
    {
        if (World.Seconds < _databaseBack) return null;
        var (one, other) = (_coordinators[choice % 2], _coordinators[1 - (choice % 2)]);
        return one.PausedUntil <= World.Seconds ? one : other.PausedUntil <= World.Seconds ? other : null;
    }

    /// <summary>SIGSTOP, a suspended machine, or a restart, which is a pause that forgets.</summary>
    private void Pause(Coordinator coordinator, int seconds)
    {
        Trace?.Add($"{World.Seconds}: a coordinator is paused for {seconds} s");
        coordinator.PausedUntil = World.Seconds + seconds;
        if (seconds % 2 == 0) coordinator.Forget();
    }

    private void Away(int seconds)
    {
        Trace?.Add($"{World.Seconds}: the database is away for {seconds} s");
        (_databaseBack, _interrupted) = (World.Seconds + seconds, true);
    }

    /// <summary>Time passes, and each coordinator that runs hears its pulses.</summary>
    private void Pass(int seconds)
    {
        for (var until = World.Seconds + seconds; World.Seconds < until;)
        {
            World.Seconds++;
            if (World.Seconds % 2 == 0)
                foreach (var coordinator in _coordinators)
                    if (World.Seconds >= _databaseBack && coordinator.PausedUntil <= World.Seconds) Pulse(coordinator);
        }
    }

    private void Pulse(Coordinator coordinator)
    {
        _hearing = Rules.Heard(_hearing, World.Now, _interrupted);
        _interrupted = false;
        coordinator.Here = _hearing;
        foreach (var worker in _agents)
            if (worker.Epoch is not null && Rules.IsLost(_hearing, worker.HeardAt)) worker.Epoch = null;
        if (_task is not { Exists: true } task || !task.State.IsActive()) return;
        var holder = _agents[task.Worker![1] - '0'];
        if (holder.Epoch is null && Rules.HasLapsed(_hearing, task.Granted)) Raise(m => m.LeaseLost, new LeaseLost(task.Lease!.Value, "silent"));
    }

    private void Register(Agent agent) => Send(new Message(Kind.Register) { Agent = agent.Id, Life = agent.Life, Names = agent.Held?.Key });

    private void Lose(int choice)
    {
        if (_network.Count == 0) return;
        var at = choice % _network.Count;
        // Submissions, reports and what users ask for are persistent; a purge of the batch's queue is an operator's to make.
        if (_network[at].Kind is not (Kind.Submit or Kind.Report or Kind.Cancel or Kind.Stop or Kind.Pause or Kind.Resume)) _network.RemoveAt(at);
    }

    private void Deliver(int choice, bool keep)
    {
        if (_network.Count == 0) return;
        var at = choice % _network.Count;
        var message = _network[at];
        var forService = message.Kind is Kind.Submit or Kind.Cancel or Kind.Stop or Kind.Pause or Kind.Resume or Kind.Register or Kind.Claim or Kind.Report
            or Kind.Heartbeat;
        var coordinator = Hearer(choice / 7);
        if (forService && coordinator is null) return;          // it waits in its queue
        if (!keep) _network.RemoveAt(at);
        Trace?.Add($"{World.Seconds}: {message.Kind} agent {message.Agent} attempt "
            + $"{message.Attempt}{message.Content?.Key.Attempt} {message.Content?.Stage} sent {message.SentAt} -> "
            + $"{_task?.State} {_task?.Attempt} {_task?.Worker}");
        switch (message.Kind)
        {
            case Kind.Submit:
                _task ??= TaskSaga.New(Guid.NewGuid());
                Raise(m => m.Submitted, new SubmitTask { TaskId = _task.CorrelationId, Spec = _spec }, sends: choice % 5 != 0);
                break;
            case Kind.Cancel:
                _ended |= Raise(m => m.CancelRequested, new CancelTask { TaskId = _task?.CorrelationId ?? default, Reason = "enough" }).Done;
                break;
            case Kind.Stop:
                var isHeld = _task is { Exists: true } there && there.State.IsActive();
                var agreed = Raise(m => m.StopRequested, new StopTask { TaskId = _task?.CorrelationId ?? default, Kill = choice % 2 == 0 }).Done;
                if (agreed != isHeld) Violation ??= $"a stop was {(agreed ? "agreed to" : "refused")} though {(isHeld ? "a" : "no")} worker had the task";
                _ended |= agreed;
                break;
            case Kind.Pause:
                Raise(m => m.PauseRequested, new PauseTask { TaskId = _task?.CorrelationId ?? default }, sends: choice % 5 != 0);
                break;
            case Kind.Resume:
                Raise(m => m.ResumeRequested, new ResumeTask { TaskId = _task?.CorrelationId ?? default }, sends: choice % 5 != 0);
                break;
            case Kind.StandStill:
                Want(_agents[message.Agent], message.Word);
                break;
            case Kind.Queued:
                var taker = _agents[choice / 3 % 3];
                if (!taker.Known || taker.Waits is not null || taker.Held is not null)
                {
                    if (!keep) _network.Add(message);       // no place: given back
                    break;
                }

                taker.Waits = (message.Attempt, World.Seconds, ++_requests);
                Send(message with { Kind = Kind.Claim, Agent = taker.Id, Life = taker.Life, Request = _requests, SentAt = World.Seconds });
                break;
            case Kind.Register:
                Enter(message, coordinator!);
                break;
            case Kind.Registered:
                var registered = _agents[message.Agent];
                if (registered.Life != message.Life || registered.Known) break;
                registered.Known = true;
                if (message.Revoked is { } revoked && registered.Held?.Key == revoked) registered.Forget();
                break;
            case Kind.Unknown:
                if (_agents[message.Agent].Life == message.Life) _agents[message.Agent].Known = false;
                break;
            case Kind.Claim when _agents[message.Agent].Epoch != message.Life:
                Send(message with { Kind = Kind.Refused });
                break;
            case Kind.Claim:
                var answer = Raise(m => m.Claimed, new Claimed("w" + message.Agent, message.Attempt, Epoch(message.Life), coordinator!.Hear(_hearing).Seconds));
                Send(message with { Kind = answer.Lease is null ? Kind.Refused : Kind.Granted, Lease = answer.Lease ?? Guid.Empty });
                break;
            case Kind.Granted:
                var winner = _agents[message.Agent];
                if (winner.Life != message.Life) break;
                // Journalled, then acknowledged; the lease counts from when the claim was sent.
                var inTime = winner.Waits?.Request == message.Request;
                Take(winner, new AttemptKey(_task!.CorrelationId, message.Attempt, message.Lease), inTime, message.SentAt + LeaseSeconds);
                break;
            case Kind.Refused:
                var loser = _agents[message.Agent];
                if (loser.Life == message.Life && loser.Waits?.Request == message.Request) loser.Waits = null;
                break;
            case Kind.Report:
                var report = message.Content!;
                if (report.Stage == AttemptStage.Ended) Raise(m => m.AttemptEnded, new AttemptEnded("w" + message.Agent, report));
                else if (report.Stage == AttemptStage.Released) Raise(m => m.AttemptReleased, new AttemptReleased("w" + message.Agent, report));
                else Raise(m => m.StageReported, new StageReported("w" + message.Agent, report));
                if (report.Stage is AttemptStage.Ended or AttemptStage.Released) Send(message with { Kind = Kind.Recorded });
                break;
            case Kind.Recorded:
                if (_agents[message.Agent].Held?.Key == message.Content!.Key) _agents[message.Agent].Forget();
                break;
            case Kind.Heartbeat:
                Hear(message, coordinator!);
                break;
            case Kind.Renewed:
                var renewed = _agents[message.Agent];
                if (renewed.Life != message.Life) break;
                renewed.Answered = Math.Max(renewed.Answered, message.Sequence);
                if (message.Told is { } told) Take(renewed, told, renewed.Waits?.Attempt == told.Attempt, safeUntil: -1);
                if (renewed.Held is null && message.Redeliver is { } redelivery)
                {
                    // Journalled; the lease is valid once a heartbeat that names it is answered, for this may be an old message.
                    renewed.Held = new Held(redelivery) { Phase = Phase.Delivering };
                    renewed.SafeUntil = -1;
                    break;
                }

                if (renewed.Held is not { } held) break;
                Want(renewed, message.Word);
                if (message.Revoked == held.Key) renewed.Forget();
                else if (message.Names == held.Key) renewed.SafeUntil = Math.Max(renewed.SafeUntil, message.SentAt + LeaseSeconds);
                if (message.Cancelled == held.Key && held.Phase is Phase.Granted or Phase.Staged or Phase.Running or Phase.Delivering)
                    End(renewed, held, FailureClass.Cancelled);
                break;
        }
    }

    /// <summary>A grant, whether or not anybody still waits for it: nobody else can have the attempt.</summary>
    private void Take(Agent agent, AttemptKey key, bool inTime, long safeUntil)
    {
        if (agent.Held?.Key == key) return;
        if (agent.Held is not null)
        {
            // No place: given back, as nothing was begun.
            Send(new Message(Kind.Report) { Agent = agent.Id, Content = new AttemptReport { Key = key, Stage = AttemptStage.Released } });
            return;
        }

        if (!inTime) TakenLate = true;
        if (inTime) agent.Waits = null;
        agent.Held = new Held(key);
        agent.SafeUntil = safeUntil;
    }

    /// <summary>A word of the user's: what has not started is given back, else the command will be suspended or go on.</summary>
    private void Want(Agent agent, PauseAttempt? word)
    {
        if (agent.Held is not { } held || word?.Key != held.Key || word.Turn <= held.Turn || held.Phase is Phase.Delivering or Phase.Ended) return;
        (held.Turn, held.Wanted) = (word.Turn, word.Paused);
        if (word.Paused && held.Phase is Phase.Granted or Phase.Staged) GiveBack(agent, held);
    }

    private void GiveBack(Agent agent, Held held)
    {
        Send(new Message(Kind.Report) { Agent = agent.Id, Content = new AttemptReport { Key = held.Key, Stage = AttemptStage.Released } });
        held.Phase = Phase.Ended;
        held.Result = null;
    }

    /// <summary>What the coordinator makes of a registration.</summary>
    private void Enter(Message message, Coordinator coordinator)
    {
        var agent = _agents[message.Agent];
        // A lock proves the agent before dead: an older start can't register any more, only its messages can come late.
        if (message.Life < agent.Life) return;
        var now = coordinator.Hear(_hearing);
        var mine = _task is { Exists: true } t && t.State.IsActive() && t.Worker == "w" + message.Agent ? t : null;
        if (agent.Epoch != message.Life)
        {
            if (mine is { Redelivers: null } && LeaseRules.LostAtStart(mine.HolderEpoch == Epoch(message.Life), message.Names == mine.Key, forced: false))
                Raise(m => m.LeaseLost, new LeaseLost(mine.Lease!.Value, "restarted"));
            (agent.Epoch, agent.Newest) = (message.Life, 0);
            agent.Entered = agent.HearsSince = agent.HeardAt = now.Seconds;
        }

        var current = _task is { Exists: true } task && task.State.IsActive() && task.Worker == "w" + message.Agent ? task.Key : null;
        Send(message with { Kind = Kind.Registered, Revoked = message.Names is { } named && named != current ? named : null });
    }

    /// <summary>What the coordinator makes of a heartbeat.</summary>
    private void Hear(Message beat, Coordinator coordinator)
    {
        var agent = _agents[beat.Agent];
        if (agent.Epoch != beat.Life)
        {
            Send(beat with { Kind = Kind.Unknown });
            return;
        }

        if (beat.Sequence <= agent.Newest) return;        // overtaken by a newer one
        agent.Newest = beat.Sequence;
        var now = coordinator.Hear(_hearing);
        agent.HearsSince = LeaseRules.HearsSince(now, agent.HeardAt, agent.HearsSince, beat.Sequence, beat.Answered);
        agent.HeardAt = now.Seconds;
        var told = false;
        if (_task is { Exists: true } task && task.State.IsActive() && task.Worker == "w" + beat.Agent && beat.Names != task.Key)
        {
            var fate = Fate(task, agent, coordinator, now);
            told = fate == UnnamedLease.Tell && !task.CancelRequested;
            if (fate == UnnamedLease.Lose) Raise(m => m.LeaseLost, new LeaseLost(task.Lease!.Value, "unknown"));
        }

        if (_task is { Exists: true } one && one.State.IsActive() && one.State != TaskState.Uploading && one.Key == beat.Names
            && one.State == TaskState.Suspended != beat.Suspended)
            Raise(m => m.StandstillTold, new StandstillTold(one.Key, beat.Suspended));

        var current = _task is { Exists: true } active && active.State.IsActive() && active.Worker == "w" + beat.Agent ? active.Key : null;
        Send(beat with
        {
            Kind = Kind.Renewed,
            Revoked = beat.Names is { } named && named != current ? named : null,
            Cancelled = current is not null && _task!.CancelRequested ? current : null,
            Told = told ? current : null,
            Word = current is not null && beat.Names == current && (_task!.PauseRequested || beat.Suspended) ? Word(_task) : null,
            Redeliver = current is not null && _task is { Redelivers: not null, CancelRequested: false } && beat.Names != current ? current : null,
        });
    }

    private static UnnamedLease Fate(TaskSaga task, Agent agent, Coordinator coordinator, Hearing now)
    {
        if (task.Redelivers is null) return Rules.Unnamed(now, task.Granted, task.HolderEpoch == Epoch(agent.Epoch!.Value), agent.Entered, agent.HearsSince);
        if (coordinator.Told is not { } told || told.Key != task.Key) coordinator.Told = told = (task.Key, now.Seconds);
        return Rules.Unnamed(now, task.CancelRequested ? 0 : told.Since, own: true, entered: 0, agent.HearsSince) == UnnamedLease.Lose
            ? UnnamedLease.Lose
            : UnnamedLease.Keep;
    }

    private static PauseAttempt Word(TaskSaga task) => new(task.Key, task.PauseRequested, task.PauseTurn);

    private static Guid Epoch(int life) => new(life + 1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);

    private void Beat(Agent agent)
    {
        if (!agent.Known)
        {
            Register(agent);
            return;
        }

        Send(new Message(Kind.Heartbeat)
        {
            Agent = agent.Id, Life = agent.Life, Names = agent.Held?.Key, Suspended = agent.Held is { Suspended: true }, SentAt = World.Seconds,
            Sequence = ++agent.Beats, Answered = agent.Answered,
        });
    }

    private void RetryUpload()
    {
        if (_task is not { Exists: true }) return;
        if (Raise(m => m.UploadRetryRequested, new RetryUpload { TaskId = _task.CorrelationId }).Done) (_end, _ended) = (null, false);
    }

    private void Reconcile()
    {
        if (_task is { Exists: true, State: TaskState.Pending } && !_network.Any(m => m.Kind == Kind.Queued))
            Raise(m => m.DispatchDue, new DispatchDue());
    }

    private void Work(Agent agent, int choice)
    {
        // A claim that is not answered is given up: its delivery returns to the queue.
        if (agent.Waits is { } waits && World.Seconds - waits.SentAt > 10)
        {
            agent.Waits = null;
            Send(new Message(Kind.Queued) { Attempt = waits.Attempt });
        }

        if (agent.Held is not { } held) return;
        Trace?.Add($"{World.Seconds}: agent {agent.Id} works on attempt {held.Key.Attempt}, {held.Phase}, safe until {agent.SafeUntil}");
        var safe = !_fenced || World.Seconds < agent.SafeUntil;
        switch (held.Phase)
        {
            // It may be another's by now: it begins under a lease that is valid.
            case Phase.Granted when World.Seconds < agent.SafeUntil:
                held.Phase = Phase.Staged;
                break;
            case Phase.Staged when held.Wanted || choice % 9 == 0:
                GiveBack(agent, held);
                break;
            case Phase.Staged:
                held.Phase = Phase.Running;
                Send(new Message(Kind.Report) { Agent = agent.Id, Content = new AttemptReport { Key = held.Key, Stage = AttemptStage.Running } });
                break;
            case Phase.Running when held.Suspended != held.Wanted:
                held.Suspended = held.Wanted;
                StoodStill |= held.Suspended;
                if (agent.Known) Beat(agent);
                break;
            case Phase.Running when held.Suspended:
                break;
            case Phase.Running when choice % 4 == 0:
                End(agent, held, FailureClass.Exit);
                break;
            case Phase.Running when safe:
                held.Phase = Phase.Uploading;
                break;
            case Phase.Uploading when safe && choice % 3 == 0:
                held.HasOutput = true;
                End(agent, held, FailureClass.Upload);
                break;
            case Phase.Delivering when safe && !held.HasOutput:
                held.HasOutput = agent.Kept.RemoveAll(k => k.Attempt >= _task!.Redelivers && k.Attempt < held.Key.Attempt) > 0;
                if (!held.HasOutput) End(agent, held, FailureClass.Upload);
                break;
            case Phase.Delivering when safe && choice % 3 == 0:
                End(agent, held, FailureClass.Upload);
                break;
            case Phase.Delivering when safe:
                _outputs = held.Key;
                held.HasOutput = false;
                End(agent, held, null);
                break;
            case Phase.Uploading when safe:
                _outputs = held.Key;
                End(agent, held, null);
                break;
            case Phase.Ended:
                if (held.Result is not null) Repeat(agent, held);
                else Send(new Message(Kind.Report) { Agent = agent.Id, Content = new AttemptReport { Key = held.Key, Stage = AttemptStage.Released } });
                break;
        }
    }

    private void End(Agent agent, Held held, FailureClass? failure)
    {
        held.Phase = Phase.Ended;
        held.Result = new AttemptResult { Failure = failure, ExitCode = failure == FailureClass.Exit ? 1 : 0, Finished = DateTime.UnixEpoch };
        Repeat(agent, held);
    }

    private void Repeat(Agent agent, Held held) =>
        Send(new Message(Kind.Report) { Agent = agent.Id, Content = new AttemptReport { Key = held.Key, Stage = AttemptStage.Ended, Result = held.Result } });

    /// <summary>SIGKILL and a new start: the journal stays, the memory does not; the delivery that was not acknowledged returns.</summary>
    private void Kill(Agent agent)
    {
        Trace?.Add($"{World.Seconds}: agent {agent.Id} is killed");
        if (agent.Waits is { } waits) Send(new Message(Kind.Queued) { Attempt = waits.Attempt });
        agent.Waits = null;
        agent.Life++;
        (agent.Known, agent.Beats, agent.Answered) = (false, 0, 0);
        agent.SafeUntil = -1;
        // What stands still is written down where it runs; what was wanted is not.
        if (agent.Held is { } any) (any.Turn, any.Wanted) = (0, any.Suspended);
        if (agent.Held is { Phase: Phase.Granted } granted) granted.Phase = Phase.Staged;
        Register(agent);
        if (agent.Held is { Phase: Phase.Uploading } held) held.Phase = Phase.Running;        // collected anew
    }

    private TaskAnswer Raise<T>(Func<TaskStateMachine, Event<T>> @event, T message, bool sends = true)
        where T : class
    {
        if (_task is null) return default;
        _effects.Dispatch = false;
        _effects.Pause = null;
        _effects.Begin();
        var (state, attempt) = (_task.State, _task.Attempt);
        var raised = BulkContext<T>.RaiseAsync(Machine, @event(Machine), message, _task, _effects, origin: null);
        if ((state, attempt) != (_task.State, _task.Attempt))
            Trace?.Add($"{World.Seconds}: {state} {attempt} becomes {_task.State} {_task.Attempt} {_effects.History.LastOrDefault()?.Detail}");
        if (!raised.IsCompletedSuccessfully) throw new InvalidOperationException("The state machine faulted or waited.", raised.Exception);
        // A crash between commit and send leaves the message unsent; the input comes again, or the reconciler finds it.
        if (_effects.Dispatch && sends) Send(new Message(Kind.Queued) { Attempt = _task.Attempt });
        if (_effects.Pause is { } pause && sends) Send(new Message(Kind.StandStill) { Agent = pause.Worker[1] - '0', Word = pause.Message });
        if (state == TaskState.Paused && _effects.Answer.Lease is not null) Violation ??= "a paused task was granted";
        return _effects.Answer;
    }

    private void Check()
    {
        if (_task is not { Exists: true } task) return;
        if (_end is { } end && task.State != end) Violation ??= $"{end} became {task.State}";
        if (task.Redelivers is not null && task.State is TaskState.Pending or TaskState.Running or TaskState.Suspended or TaskState.Paused)
            Violation ??= $"a retried upload made the task {task.State}";
        if (task.State == TaskState.Paused != (task.PauseRequested && !task.State.IsActive())) Violation ??= $"{task.State} in turn {task.PauseTurn}";
        if (!task.State.IsTerminal()) return;
        _end = task.State;
        if (_ended && task.State != TaskState.Cancelled) Violation ??= $"its user ended it, and it {task.State}";
        _successes = _effects.Attempts.Count(a => a.Outcome == AttemptOutcome.Succeeded);
        if (_successes != (task.State == TaskState.Succeeded ? 1 : 0)) Violation ??= $"{task.State} with {_successes} successful attempts";
        if (!_effects.Attempts.Select(a => a.Attempt).SequenceEqual(Enumerable.Range(1, _effects.Attempts.Count)))
            Violation ??= "attempts are not numbered 1 to n";
        if (_effects.Attempts.Count(a => a.Outcome == AttemptOutcome.Failed && a.Redelivers is null) > _spec.Retry + 1)
            Violation ??= "more failures than the user's retries allow";
        if (task is { State: TaskState.Failed, Failure: FailureClass.Upload }) CheckOutput(task);
        if (task.State == TaskState.Succeeded && _outputs?.Attempt != task.Attempt)
            Violation ??= $"outputs are of attempt {_outputs?.Attempt}, success is of {task.Attempt}";
    }

    /// <summary>What waits for a retry of its upload is on the worker that the task names.</summary>
    private void CheckOutput(TaskSaga task)
    {
        var first = task.Redelivers ?? task.Attempt;
        var worker = _agents[task.Worker![1] - '0'];
        var there = worker.Kept.Any(k => k.Attempt >= first) || worker.Held is { HasOutput: true } held && held.Key.Attempt >= first;
        // Delivered, though the worker fell silent before it could say so.
        var delivered = _outputs?.Attempt >= first;
        if (!there && !delivered) Violation ??= "the output that could not be delivered is lost";
    }

    private sealed record Message(Kind Kind)
    {
        public int Agent { get; init; }

        public int Life { get; init; }

        public int Attempt { get; init; }

        public Guid Lease { get; init; }

        public long SentAt { get; init; }

        /// <summary>Which claim is answered: the same agent may have asked for the same attempt before.</summary>
        public int Request { get; init; }

        public long Sequence { get; init; }

        public AttemptKey? Names { get; init; }

        public AttemptKey? Revoked { get; init; }

        public AttemptKey? Cancelled { get; init; }

        public AttemptKey? Redeliver { get; init; }

        public AttemptKey? Told { get; init; }

        /// <summary>The newest heartbeat whose answer the agent has seen.</summary>
        public long Answered { get; init; }

        public AttemptReport? Content { get; init; }

        /// <summary>Whether what a heartbeat names stands still.</summary>
        public bool Suspended { get; init; }

        /// <summary>What the user wants.</summary>
        public PauseAttempt? Word { get; init; }
    }

    private enum Phase { Granted, Staged, Running, Uploading, Delivering, Ended }

    private sealed class Held(AttemptKey key)
    {
        public AttemptKey Key { get; } = key;

        public Phase Phase { get; set; }

        public AttemptResult? Result { get; set; }

        public int Turn { get; set; }

        public bool Wanted { get; set; }

        public bool Suspended { get; set; }

        /// <summary>Whether its directory holds output that was not delivered.</summary>
        public bool HasOutput { get; set; }
    }

    private sealed class Agent(int id)
    {
        public int Id { get; } = id;

        public int Life { get; set; }

        public (int Attempt, long SentAt, int Request)? Waits { get; set; }

        public Held? Held { get; set; }

        /// <summary>Attempts whose undelivered output it has put aside.</summary>
        public List<AttemptKey> Kept { get; } = [];

        public long SafeUntil { get; set; } = -1;

        public long Beats { get; set; }

        public long Answered { get; set; }

        /// <summary>Whether it holds itself for registered.</summary>
        public bool Known { get; set; }

        /// <summary>The coordinator's row of the worker: which start has its name, and what was heard of it.</summary>
        public int? Epoch { get; set; }

        public long Newest { get; set; }

        public double HeardAt { get; set; }

        public double HearsSince { get; set; }

        public double Entered { get; set; }

        /// <summary>Nothing more is to be said of what it holds; output that was not delivered is put aside.</summary>
        public void Forget()
        {
            if (Held is { HasOutput: true } held) Kept.Add(held.Key);
            Held = null;
        }
    }

    /// <summary>One process of the service: what it knows besides the database.</summary>
    private sealed class Coordinator
    {
        public long PausedUntil { get; set; }

        public Hearing? Here { get; set; }

        public (AttemptKey Key, double Since)? Told { get; set; }

        public Hearing Hear(Hearing database)
        {
            var now = Here is { } before ? Rules.Heard(before, World.Now) : database with { At = World.Now };
            Here = now;
            return now;
        }

        public void Forget() => (Here, Told) = (null, null);
    }

    private sealed class Clock : TimeProvider
    {
        [ThreadStatic]
        private static long seconds;

        public long Seconds
        {
            get => seconds;
            set => seconds = value;
        }

        [ThreadStatic]
        private static long ahead;

        /// <summary>By the wall's clock, which somebody may set.</summary>
        public DateTime Now => GetUtcNow().UtcDateTime;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddDays(1).AddSeconds(seconds + ahead);

        public void Set(long seconds) => ahead = seconds;
    }
}
