using Microsoft.Extensions.Logging;
using Scitq.Agent.Attempts;
using Scitq.Agent.Bus;
using Scitq.Agent.Journal;
using Scitq.Agent.Logs;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Slots;
using Scitq.Agent.Staging;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <summary>Registers with the coordinator, and then says every few seconds that this agent lives and what it holds.</summary>
internal sealed partial class WorkerLink(IAgentBus bus, AttemptJournal journal, AttemptTable attempts, Leases leases, ResourceCache resources, Orders orders, AgentOptions options, RuntimeSet runtimes, ILogger<WorkerLink> logger)
{
    private readonly TaskCompletionSource _registered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Signal _answered = new();
    private readonly Lock _configuring = new();
    private (long Sequence, ResourceState Resources)? _told;
    private volatile ResourceState? _knownResources;
    private readonly Repeats _sending = new(TimeProvider.System);
    private long _revision;
    private volatile bool _known;
    private long _sequence;
    private long _heard;

    /// <summary>Completes at the first registration; faults with <see cref="AgentRefusedException"/> when it is refused.</summary>
    public Task Registered => _registered.Task;

    /// <summary>Why it takes nothing new, or null.</summary>
    public Func<string?> Hold { get; init; } = () => null;

    /// <summary>Called with what the coordinator wants.</summary>
    public required Action<WorkerSettings> Configure { get; init; }

    /// <summary>Called with attempts that are no longer this worker's, and with those that are cancelled.</summary>
    public required Action<AttemptKey, StopCause, string?> Stop { get; init; }

    /// <summary>Called with attempts that only deliver, each until a heartbeat names it.</summary>
    public Action<Redelivery> Redeliver { get; init; } = _ => { };

    /// <summary>Called with attempts that were granted long ago and are not named yet.</summary>
    public Action<IReadOnlyList<ClaimAnswer>> Granted { get; init; } = _ => { };

    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            try
            {
                if (_known) await HeartbeatAsync(ct);
                else await RegisterAsync(ct);
                _sending.Over();
            }
            catch (SendException e)
            {
                if (_sending.Says(e.Message)) SendFailed(logger, e.Message);
            }

            await _answered.WaitAsync(options.Heartbeat, ct);
        }
    }

    public void Answered(WorkerRegistered message)
    {
        if (message.Epoch != journal.Epoch || _known) return;
        if (message.Refusal is { } refusal)
        {
            if (!_registered.TrySetException(new AgentRefusedException(refusal))) Refused(logger, refusal);
            return;
        }

        foreach (var key in message.Revoked) Stop(key, StopCause.Revoked, null);
        Take(message.Settings ?? new WorkerSettings(options.Batch, options.Concurrency, options.Prefetch, Paused: false), first: true);
        _knownResources = null;
        _known = true;
        _registered.TrySetResult();
        _answered.Set();
    }

    public void Answered(HeartbeatAnswered message)
    {
        if (!message.Known)
        {
            _known = false;
            _answered.Set();
            return;
        }

        _heard = Math.Max(_heard, message.Sequence);
        leases.Renewed(message.Sequence, message.Revoked);
        foreach (var key in message.Revoked) Stop(key, StopCause.Revoked, null);
        foreach (var key in message.Cancelled) Stop(key, StopCause.Cancelled, null);
        if (message.Settings is { } settings) Take(settings);
        foreach (var redelivery in message.Redeliver) Redeliver(redelivery);
        Granted(message.Granted);
        if (_told is { } told && told.Sequence == message.Sequence) _knownResources = told.Resources;
        orders.Take(message.Orders, _answered.Set);
    }

    /// <summary>Lets the next heartbeat follow at once: there is something new to name.</summary>
    public void Beat() => _answered.Set();

    /// <summary>A user has changed the settings. Before the registration it may be meant for an earlier agent of this name.</summary>
    public void Ordered(ConfigureWorker order)
    {
        if (_known) Take(order.Settings);
    }

    /// <summary>What was sent before a change may arrive after it, but a registration starts anew: the database may be another.</summary>
    private void Take(WorkerSettings settings, bool first = false)
    {
        lock (_configuring)
        {
            if (settings.Revision < _revision && !first) return;
            _revision = settings.Revision;
            Configure(settings);
        }
    }

    private Task RegisterAsync(CancellationToken ct) => bus.SendAsync(Queues.Workers, new RegisterWorker
    {
        Worker = options.Name,
        Epoch = journal.Epoch,
        PreviousEpoch = journal.PreviousEpoch,
        PreviousEpochs = journal.PreviousEpochs,
        Takeover = options.Takeover,
        Batch = options.Batch,
        Concurrency = options.Concurrency,
        Prefetch = options.Prefetch,
        LeaseSeconds = options.LeaseTime.TotalSeconds,
        Host = HostFigures.Describe(runtimes.DockerVersion, runtimes.Gpus),
        Leases = attempts.Keys(),
    }, durable: false, ct);

    private Task HeartbeatAsync(CancellationToken ct)
    {
        var keys = attempts.Keys();
        leases.Sending(++_sequence, keys);
        // Who uses them changes without their doing.
        var state = new ResourceState(resources.Revision, attempts.All.Where(a => a.End is null).Sum(a => a.Spec.Resources.Sum(r => (long)r.GetHashCode())));
        var list = state == _knownResources ? null : resources.List();
        if (list is not null) _told = (_sequence, state);
        return bus.SendAsync(Queues.Workers, new WorkerHeartbeat
        {
            Worker = options.Name,
            Epoch = journal.Epoch,
            Sequence = _sequence,
            Heard = Interlocked.Read(ref _heard),
            Leases = keys,
            Running = attempts.All.Count(a => a.Stage == AttemptStage.Running),
            Hold = Hold(),
            Load = HostFigures.Load(),
            MemoryAvailable = HostFigures.MemoryAvailable(),
            DiskFree = HostFigures.Disk(options.WorkDir).Free,
            Resources = list,
            Done = orders.Done,
        }, durable: false, ct);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The coordinator could not be told that this agent lives: {Problem}")]
    private static partial void SendFailed(ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "The coordinator no longer accepts this agent: {Refusal}")]
    private static partial void Refused(ILogger logger, string refusal);

    /// <summary>Changes when the list of resources does.</summary>
    private sealed record ResourceState(long Revision, long Uses);
}
