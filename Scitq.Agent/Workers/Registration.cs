using Microsoft.Extensions.Logging;
using Scitq.Agent.Bus;
using Scitq.Agent.Journal;
using Scitq.Agent.Parts;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <summary>Registers with the coordinator, and brings what it answers to the parts that listen. What comes before the registration is nobody's.</summary>
internal sealed partial class Registration(
    IAgentBus bus, Introduction introduction, IEnumerable<ICoordinatorListener> listeners, AttemptJournal journal, HeartbeatSignal heartbeat,
    ILogger<Registration> logger)
    : IMessageHandler<WorkerRegistered>, IMessageHandler<HeartbeatAnswered>
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile RegisterWorker? _sent;
    private volatile bool _known;
    private volatile bool _over;

    /// <summary>Completes at the first registration; faults with <see cref="AgentRefusedException"/> when it is refused.</summary>
    public Task First => _first.Task;

    /// <summary>Whether the coordinator knows this agent.</summary>
    public bool IsKnown => _known;

    /// <summary>Whether the worker leaves, and so registers no more.</summary>
    public bool IsOver
    {
        get => _over;
        set => _over = value;
    }

    /// <exception cref="SendException">Nobody may have heard it.</exception>
    public Task SendAsync(CancellationToken ct) => _over ? Task.CompletedTask : bus.SendAsync(Queues.Workers, _sent = introduction.Make(), durable: false, ct);

    public Task HandleAsync(WorkerRegistered message)
    {
        if (message.Epoch != journal.Epoch || _known) return Task.CompletedTask;
        if (message.Refusal is { } refusal)
        {
            if (!_first.TrySetException(new AgentRefusedException(refusal))) Log.Refused(logger, refusal);
            return Task.CompletedTask;
        }

        foreach (var listener in listeners) listener.Registered(message);
        _known = true;
        journal.Registered();
        if (_first.TrySetResult() && _sent is { } sent) Log.Registered(logger, sent.Worker, message.Settings?.Batch ?? sent.Batch, sent.Leases.Count);
        heartbeat.BeatSoon();
        return Task.CompletedTask;
    }

    public Task HandleAsync(HeartbeatAnswered message)
    {
        if (message.Known)
        {
            foreach (var listener in listeners) listener.Answered(message);
            return Task.CompletedTask;
        }

        _known = false;
        foreach (var listener in listeners) listener.Forgotten();
        heartbeat.BeatSoon();
        return Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Worker {Name} is registered and serves batch {Batch}; {Count} attempts from before.")]
        public static partial void Registered(ILogger logger, string name, string batch, int count);

        [LoggerMessage(Level = LogLevel.Error, Message = "The coordinator no longer accepts this agent: {Refusal}")]
        public static partial void Refused(ILogger logger, string refusal);
    }
}
