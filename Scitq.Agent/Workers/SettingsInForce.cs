using Microsoft.Extensions.Logging;
using Scitq.Agent.Attempts;
using Scitq.Agent.Claims;
using Scitq.Agent.Parts;
using Scitq.Agent.Slots;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <summary>How many tasks of which batch this worker takes: what its user wants, as far as nothing keeps it from that.</summary>
internal sealed partial class SettingsInForce(
    AgentOptions options, Capacity capacity, BatchListener listener, Admission admission, AttemptTable attempts, TimeProvider time,
    ILogger<SettingsInForce> logger)
    : IMessageHandler<ConfigureWorker>, ICoordinatorListener
{
    private readonly Lock _lock = new();
    private volatile WorkerSettings _settings = new(options.Batch, options.Concurrency, options.Prefetch, Paused: true);
    private volatile bool _registered;
    private long _revision;

    /// <summary>Set when its user wants it to drain.</summary>
    public Signal DrainWanted { get; } = new(time);

    /// <summary>Whether its user wants it to drain.</summary>
    public bool IsDraining => _settings.Draining;

    public void Registered(WorkerRegistered answer)
    {
        Take(answer.Settings ?? new WorkerSettings(options.Batch, options.Concurrency, options.Prefetch, Paused: false), first: true);
        _registered = true;
    }

    public void Answered(HeartbeatAnswered answer)
    {
        if (answer.Settings is { } settings) Take(settings);
    }

    public void Forgotten() => _registered = false;

    /// <summary>A user has changed the settings. Before the registration the message may be meant for an earlier agent of this name.</summary>
    public Task HandleAsync(ConfigureWorker message)
    {
        if (_registered) Take(message.Settings);
        return Task.CompletedTask;
    }

    /// <summary>Brings into force what has changed meanwhile, and says why nothing new is taken; null when new tasks are.</summary>
    public Hold? Renew()
    {
        var hold = admission.Hold();
        var settings = _settings;
        capacity.Set(settings);
        listener.Batch = settings.Paused || hold is not null ? null : settings.Batch;
        return hold;
    }

    /// <summary>What was sent before a change may arrive after it, but a registration starts anew: the database may be another.</summary>
    private void Take(WorkerSettings settings, bool first = false)
    {
        lock (_lock)
        {
            if (settings.Revision < _revision && !first) return;
            _revision = settings.Revision;
            if (settings == _settings) return;
            _settings = settings;
            Log.Configured(logger, settings.Batch, settings.Concurrency, settings.Prefetch, settings.Paused, settings.Draining);
            // Known before the attempts from before are taken up.
            attempts.IsDrainOrdered = settings.Draining;
            Renew();
            if (settings.Draining) GiveBack(settings.Evicting ? StopCause.Evicted : StopCause.Released);
            else GiveBackExcess();
        }
    }

    private void GiveBack(StopCause cause)
    {
        foreach (var attempt in attempts.All) attempt.Stop(cause);
        DrainWanted.Set();
    }

    private void GiveBackExcess()
    {
        var excess = capacity.Places.Taken - capacity.Places.Limit;
        foreach (var attempt in attempts.All.Where(a => a.Stage == AttemptStage.Accepted).OrderByDescending(a => a.Number))
            if (excess > 0 && attempt.Stop(StopCause.Released)) excess--;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message =
            "Settings: batch {Batch}, concurrency {Concurrency}, prefetch {Prefetch}, paused {Paused}, draining {Draining}.")]
        public static partial void Configured(ILogger logger, string batch, int concurrency, int prefetch, bool paused, bool draining);
    }
}
