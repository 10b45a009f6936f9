using Microsoft.Extensions.Options;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>
/// A world in which everything goes wrong: one task, the real state machine, three agents that follow the protocol, a
/// network that reorders, repeats and (what is not durable) loses, processes that die at any moment, uploads that fail and a
/// user who retries them. Every decision is a pair of numbers, so that a run can be repeated and shrunk.
/// </summary>
internal sealed class LeaseWorld
{
    private const int LeaseSeconds = 30;
    private const int LostAfter = 45;
    private const int UnknownAfter = 35;
    private static readonly Clock World = new();
    private static readonly TaskStateMachine Machine = new(new TaskVerbs(Options.Create(new TaskOptions { MaxLosses = 1000, RetryBackoffSeconds = 0 }), World));
    private readonly List<Message> _network = [];
    private readonly Agent[] _agents = [new(0), new(1), new(2)];
    private readonly TaskSpec _spec;
    private readonly bool _fenced;
    private TaskSaga? _task;
    private AttemptKey? _outputs;
    private int _requests;
    private int _successes;
    private TaskState? _end;

    /// <param name="retry">The user's retries.</param>
    /// <param name="fenced">False leaves out the agents' own fence, to show that the checker finds what follows.</param>
    /// <param name="traced">Whether to write down what happens, for a person to read.</param>
    public LeaseWorld(int retry, bool fenced = true, bool traced = false)
    {
        Trace = traced ? [] : null;
        _spec = new TaskSpec { Argv = ["true"], Retry = retry };
        _fenced = fenced;
        World.Seconds = 0;
        Send(new Message(Kind.Submit));
    }

    private enum Kind { Submit, Queued, Claim, Granted, Refused, Report, Recorded, Heartbeat, Renewed, Cancel }

    /// <summary>What went wrong, or null.</summary>
    public string? Violation { get; private set; }

    /// <summary>What happened.</summary>
    public List<string>? Trace { get; }

    /// <summary>How many attempts it took.</summary>
    public int Attempts => _task?.Attempt ?? 0;

    /// <summary>Whether its output was delivered by a retry of the upload.</summary>
    public bool Redelivered => _task is { State: TaskState.Succeeded, Redelivers: not null };

    public void Step(int decision, int choice)
    {
        switch (decision % 12)
        {
            case 0 or 1 or 2: Deliver(choice, keep: false); break;
            case 3: Deliver(choice, keep: true); break;
            case 4: Lose(choice); break;
            case 5: World.Seconds += 1 + (choice % 12); Sweep(); break;
            case 6 or 7: Work(_agents[choice % 3], choice / 3); break;
            case 8: Kill(_agents[choice % 3]); break;
            case 9: Beat(_agents[choice % 3]); break;
            case 10: Reconcile(); break;
            case 11 when choice % 40 == 0: Send(new Message(Kind.Cancel)); break;
            case 11 when choice % 40 < 30: RetryUpload(); break;
        }

        Check();
    }

    /// <summary>No more faults: all must come to an end.</summary>
    public void Settle()
    {
        for (var i = 0; i < 3000 && Violation is null && !(_task is { } task && task.State.IsTerminal()); i++)
        {
            if (_network.Count > 0) Deliver(0, keep: false);
            foreach (var agent in _agents)
            {
                if (i % 7 == 0) Work(agent, i);
                if (i % 11 == 0) Beat(agent);
            }

            if (i % 20 == 0)
            {
                World.Seconds += 2;
                Sweep();
                Reconcile();
            }

            Check();
        }

        if (Violation is null && !(_task is { } ended && ended.State.IsTerminal())) Violation = $"not ended after the faults did: {_task?.State}";
    }

    private void Send(Message message) => _network.Add(message);

    private void Lose(int choice)
    {
        if (_network.Count == 0) return;
        var at = choice % _network.Count;
        // Submissions, reports and cancels are persistent; a purge of the batch's queue is an operator's to make.
        if (_network[at].Kind is not (Kind.Submit or Kind.Report or Kind.Cancel)) _network.RemoveAt(at);
    }

    private void Deliver(int choice, bool keep)
    {
        if (_network.Count == 0) return;
        var at = choice % _network.Count;
        var message = _network[at];
        if (!keep) _network.RemoveAt(at);
        Trace?.Add($"{World.Seconds}: {message.Kind} agent {message.Agent} attempt {message.Attempt}{message.Content?.Key.Attempt} {message.Content?.Stage} sent {message.SentAt} -> {_task?.State} {_task?.Attempt} {_task?.Worker}");
        switch (message.Kind)
        {
            case Kind.Submit:
                if (_task is null) _task = new TaskSaga { CorrelationId = Guid.NewGuid(), Exists = false };
                Raise(m => Machine.RaiseAsync(m, Machine.Submitted, new Submitted(_spec, [])), sends: choice % 5 != 0);
                break;
            case Kind.Cancel:
                Raise(m => Machine.RaiseAsync(m, Machine.CancelRequested, new CancelRequested("enough")));
                break;
            case Kind.Queued:
                var taker = _agents[choice / 3 % 3];
                if (taker.Waits is not null || taker.Held is not null)
                {
                    if (!keep) _network.Add(message);       // no place: given back
                    break;
                }

                taker.Waits = (message.Attempt, World.Seconds, ++_requests);
                Send(message with { Kind = Kind.Claim, Agent = taker.Id, Life = taker.Life, Request = _requests });
                break;
            case Kind.Claim:
                var claim = new Claimed("w" + message.Agent, message.Attempt);
                Raise(m => Machine.RaiseAsync(m, Machine.Claimed, claim));
                Send(message with { Kind = claim.Lease is null ? Kind.Refused : Kind.Granted, Lease = claim.Lease ?? Guid.Empty });
                break;
            case Kind.Granted:
                var winner = _agents[message.Agent];
                if (winner.Life != message.Life || winner.Waits is not { } waits || waits.Request != message.Request) break;
                // Journalled, then acknowledged; the lease counts from when the claim was sent.
                winner.Held = new Held(new AttemptKey(_task!.CorrelationId, message.Attempt, message.Lease));
                winner.SafeUntil = waits.SentAt + LeaseSeconds;
                winner.Waits = null;
                break;
            case Kind.Refused:
                var loser = _agents[message.Agent];
                if (loser.Life == message.Life && loser.Waits?.Request == message.Request) loser.Waits = null;
                break;
            case Kind.Report:
                var report = message.Content!;
                if (report.Stage == AttemptStage.Ended) Raise(m => Machine.RaiseAsync(m, Machine.AttemptEnded, new AttemptEnded("w" + message.Agent, report)));
                else if (report.Stage == AttemptStage.Released) Raise(m => Machine.RaiseAsync(m, Machine.AttemptReleased, new AttemptReleased("w" + message.Agent, report)));
                else Raise(m => Machine.RaiseAsync(m, Machine.StageReported, new StageReported("w" + message.Agent, report)));
                if (report.Stage is AttemptStage.Ended or AttemptStage.Released) Send(message with { Kind = Kind.Recorded });
                break;
            case Kind.Recorded:
                if (_agents[message.Agent].Held?.Key == message.Content!.Key) _agents[message.Agent].Forget();
                break;
            case Kind.Heartbeat:
                Hear(message);
                break;
            case Kind.Renewed:
                var renewed = _agents[message.Agent];
                if (renewed.Life != message.Life) break;
                if (renewed.Held is null && message.Redeliver is { } redelivery)
                {
                    // Journalled; the lease is valid once a heartbeat that names it is answered, for this may be an old message.
                    renewed.Held = new Held(redelivery) { Phase = Phase.Delivering };
                    renewed.SafeUntil = -1;
                    break;
                }

                if (renewed.Held is not { } held) break;
                if (message.Revoked == held.Key) renewed.Forget();
                else if (message.Names == held.Key) renewed.SafeUntil = Math.Max(renewed.SafeUntil, message.SentAt + LeaseSeconds);
                if (message.Cancelled == held.Key && held.Phase is Phase.Staged or Phase.Running or Phase.Delivering) End(renewed, held, FailureClass.Cancelled);
                break;
        }
    }

    /// <summary>What the coordinator makes of a heartbeat.</summary>
    private void Hear(Message beat)
    {
        if (_task is not { Exists: true } task) return;
        var agent = _agents[beat.Agent];
        if ((beat.Life, beat.Sequence).CompareTo(agent.Newest) <= 0) return;        // overtaken by a newer one
        agent.Newest = (beat.Life, beat.Sequence);
        agent.LastHeard = World.Seconds;
        var mine = task.State.IsActive() && task.Worker == "w" + beat.Agent;
        var unknown = World.Seconds - UnknownAfter;
        if (mine && beat.Names != task.Key && World.Of(task.Accepted!.Value) < unknown && (task.Redelivers is null || agent.Started < unknown))
            Raise(m => Machine.RaiseAsync(m, Machine.LeaseLost, new LeaseLost(task.Lease!.Value, "unknown")));
        var current = task.State.IsActive() ? task.Key : null;
        Send(beat with
        {
            Kind = Kind.Renewed,
            Revoked = beat.Names is { } named && named != current ? named : null,
            Cancelled = task.CancelRequested ? current : null,
            Redeliver = task is { Redelivers: not null, CancelRequested: false } && task.Worker == "w" + beat.Agent && beat.Names != current ? current : null,
        });
    }

    private void Beat(Agent agent) =>
        Send(new Message(Kind.Heartbeat) { Agent = agent.Id, Life = agent.Life, Names = agent.Held?.Key, SentAt = World.Seconds, Sequence = ++agent.Beats });

    private void Sweep()
    {
        if (_task is not { Exists: true } task || !task.State.IsActive()) return;
        var holder = _agents[task.Worker![1] - '0'];
        if (World.Seconds - Math.Max(holder.LastHeard, World.Of(task.Accepted!.Value)) > LostAfter)
            Raise(m => Machine.RaiseAsync(m, Machine.LeaseLost, new LeaseLost(task.Lease!.Value, "silent")));
    }

    private void RetryUpload()
    {
        if (_task is not { Exists: true }) return;
        var retry = new UploadRetryRequested(null);
        Raise(m => Machine.RaiseAsync(m, Machine.UploadRetryRequested, retry));
        if (retry.Done) _end = null;
    }

    private void Reconcile()
    {
        if (_task is { Exists: true, State: TaskState.Pending } && !_network.Any(m => m.Kind == Kind.Queued))
            Raise(m => Machine.RaiseAsync(m, Machine.DispatchDue, new DispatchDue()));
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
            case Phase.Staged when choice % 9 == 0:
                Send(new Message(Kind.Report) { Agent = agent.Id, Content = new AttemptReport { Key = held.Key, Stage = AttemptStage.Released } });
                held.Phase = Phase.Ended;
                held.Result = null;
                break;
            case Phase.Staged:
                held.Phase = Phase.Running;
                Send(new Message(Kind.Report) { Agent = agent.Id, Content = new AttemptReport { Key = held.Key, Stage = AttemptStage.Running } });
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
        agent.Started = World.Seconds;
        agent.SafeUntil = -1;
        if (agent.Held is { Phase: Phase.Uploading } held) held.Phase = Phase.Running;        // collected anew
    }

    private void Raise(Func<TaskSaga, Task> raise, bool sends = true)
    {
        if (_task is null) return;
        _task.Effects.Dispatch = false;
        var (state, attempt) = (_task.State, _task.Attempt);
        var raised = raise(_task);
        if ((state, attempt) != (_task.State, _task.Attempt)) Trace?.Add($"{World.Seconds}: {state} {attempt} becomes {_task.State} {_task.Attempt} {_task.Effects.History.LastOrDefault()?.Detail}");
        if (!raised.IsCompletedSuccessfully) throw new InvalidOperationException("The state machine faulted or waited.", raised.Exception);
        // A crash between commit and send leaves the message unsent; the input comes again, or the reconciler finds it.
        if (_task.Effects.Dispatch && sends) Send(new Message(Kind.Queued) { Attempt = _task.Attempt });
    }

    private void Check()
    {
        if (_task is not { Exists: true } task) return;
        if (_end is { } end && task.State != end) Violation ??= $"{end} became {task.State}";
        if (task.Redelivers is not null && task.State is TaskState.Pending or TaskState.Running) Violation ??= $"a retried upload made the task {task.State}";
        if (!task.State.IsTerminal()) return;
        _end = task.State;
        _successes = task.Effects.Attempts.Count(a => a.Outcome == AttemptOutcome.Succeeded);
        if (_successes != (task.State == TaskState.Succeeded ? 1 : 0)) Violation ??= $"{task.State} with {_successes} successful attempts";
        if (!task.Effects.Attempts.Select(a => a.Attempt).SequenceEqual(Enumerable.Range(1, task.Effects.Attempts.Count))) Violation ??= "attempts are not numbered 1 to n";
        if (task.Effects.Attempts.Count(a => a.Outcome == AttemptOutcome.Failed && a.Redelivers is null) > _spec.Retry + 1) Violation ??= "more failures than the user's retries allow";
        if (task is { State: TaskState.Failed, Failure: FailureClass.Upload }) CheckOutput(task);
        if (task.State == TaskState.Succeeded && _outputs?.Attempt != task.Attempt) Violation ??= $"outputs are of attempt {_outputs?.Attempt}, success is of {task.Attempt}";
    }

    /// <summary>What waits for a retry of its upload is on the worker that the task names.</summary>
    private void CheckOutput(TaskSaga task)
    {
        var first = task.Redelivers ?? task.Attempt;
        var worker = _agents[task.Worker![1] - '0'];
        var there = worker.Kept.Any(k => k.Attempt >= first) || worker.Held is { HasOutput: true } held && held.Key.Attempt >= first;
        if (!there) Violation ??= "the output that could not be delivered is lost";
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

        public AttemptReport? Content { get; init; }
    }

    private enum Phase { Staged, Running, Uploading, Delivering, Ended }

    private sealed class Held(AttemptKey key)
    {
        public AttemptKey Key { get; } = key;

        public Phase Phase { get; set; }

        public AttemptResult? Result { get; set; }

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

        public long Started { get; set; }

        public long SafeUntil { get; set; } = -1;

        public long LastHeard { get; set; }

        public long Beats { get; set; }

        /// <summary>What the coordinator has heard last.</summary>
        public (int Life, long Sequence) Newest { get; set; } = (-1, 0);

        /// <summary>Nothing more is to be said of what it holds; output that was not delivered is put aside.</summary>
        public void Forget()
        {
            if (Held is { HasOutput: true } held) Kept.Add(held.Key);
            Held = null;
        }
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

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddSeconds(seconds);

        public long Of(DateTime time) => (long)(time - DateTime.UnixEpoch).TotalSeconds;
    }
}
