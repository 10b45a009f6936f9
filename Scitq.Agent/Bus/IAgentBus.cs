namespace Scitq.Agent.Bus;

/// <summary>The agent's ends of the bus: what it sends, its own queue, and the queue of its batch while it has room.</summary>
internal interface IAgentBus : IAsyncDisposable
{
    /// <summary>False when it is known not to hear; true proves nothing.</summary>
    bool Healthy { get; }

    /// <summary>Whether the broker takes nothing at the moment, or did so a moment ago: a question may still be answered.</summary>
    bool IsHeldBack => false;

    /// <summary>Starts, and listens to the worker's own queue. Goes on trying while the broker is away.</summary>
    Task StartAsync(IInbox inbox, CancellationToken ct);

    /// <summary>
    /// Sends to the exchange of this name, bounded in time but for a broker that takes nothing, which is waited for. A <paramref name="durable"/>
    /// message outlives the broker's restart once this returns.
    /// </summary>
    /// <exception cref="SendException">It may or may not have been sent: repeat it.</exception>
    Task SendAsync<T>(string queue, T message, bool durable, CancellationToken ct)
        where T : class;

    /// <summary>Listens to the batch's queue from soon on, with at most this many deliveries in hand. A delivery that is given back comes again.</summary>
    Task ConnectBatchAsync(string batch, int prefetch, CancellationToken ct);

    /// <summary>Stops listening to the batch's queue, if it does, and returns once no delivery is in hand.</summary>
    Task DisconnectBatchAsync(CancellationToken ct);

    /// <summary>Makes all connections anew.</summary>
    Task RebuildAsync(CancellationToken ct);
}
