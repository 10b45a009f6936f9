using Scitq.Agent.Parts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Bus;

/// <summary>The agent's ends of the bus: what it sends, its own queue, and the queue of its batch while it has room.</summary>
internal interface IAgentBus : IAsyncDisposable
{
    /// <summary>Whether an unwanted delivery goes back to the broker, and so to another agent. If not, it is held until it is wanted.</summary>
    bool GivesBack { get; }

    /// <summary>False when it is known not to hear; true proves nothing.</summary>
    bool Healthy { get; }

    /// <summary>Whether the broker takes nothing at the moment, or did so a moment ago: what was asked may still be answered.</summary>
    bool IsHeldBack => false;

    /// <summary>Starts, and listens to the worker's own queue. Goes on trying while the broker is away.</summary>
    Task StartAsync(IInbox inbox, CancellationToken ct);

    /// <summary>Sends to the exchange of this name, bounded in time but for a broker that takes nothing, which is waited for. What is <paramref name="durable"/> outlives the broker's restart once this returns.</summary>
    /// <exception cref="SendException">It may or may not have been sent: repeat it.</exception>
    Task SendAsync<T>(string queue, T message, bool durable, CancellationToken ct)
        where T : class;

    /// <summary>Listens to the batch's queue from soon on, with at most this many deliveries in hand.</summary>
    Task ConnectBatchAsync(string batch, int prefetch, CancellationToken ct);

    /// <summary>Stops listening to the batch's queue, if it does.</summary>
    Task DisconnectBatchAsync(CancellationToken ct);

    /// <summary>Makes all connections anew.</summary>
    Task RebuildAsync(CancellationToken ct);
}

/// <summary>Takes what arrives.</summary>
internal interface IInbox
{
    /// <summary>The types of messages that the worker's own queue brings, each with its handler.</summary>
    IReadOnlyCollection<MessageRoute> Routes { get; }

    /// <summary>A message on the worker's own queue.</summary>
    Task ReceiveAsync(object message);

    /// <summary>A delivery of the batch's queue; false gives it back.</summary>
    Task<bool> ReceiveAsync(TaskQueued message, CancellationToken connection);
}

/// <summary>A message could not be sent, or nobody confirmed it in time.</summary>
internal sealed class SendException(string message, Exception inner) : Exception(message, inner);
