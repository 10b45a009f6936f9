using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Scitq.Access.Broker;
using Scitq.Contracts;

namespace Scitq.Agent.Bus;

/// <summary>
/// Three connections to RabbitMQ: what goes, answers and orders, and the batch's queue. A broker under a memory or disk alarm
/// blocks a connection that publishes, and acknowledgements must go on flowing.
/// </summary>
internal sealed class RabbitMqAgentBus(BrokerSettings broker, string worker, TimeProvider time, ILogger<RabbitMqAgentBus> logger) : IAgentBus
{
    private const int OrdersAtOnce = 32;
    private static readonly TimeSpan AfterAlarm = TimeSpan.FromSeconds(15);
    private readonly SemaphoreSlim _changing = new(1, 1);
    private IInbox? _inbox;
    private BrokerConnections? _connections;
    private volatile Publisher? _publisher;
    private volatile QueueListener? _orders;
    private QueueListener? _tasks;
    private (string Batch, int Prefetch)? _wanted;

    /// <summary>A broker that is away is no deaf consumer: all connections come back by themselves.</summary>
    public bool Healthy => _publisher is not { IsConnected: true } || _orders is { IsListening: true };

    public bool IsHeldBack => _publisher is { } publisher && publisher.Alarm.Within(AfterAlarm);

    public async Task StartAsync(IInbox inbox, CancellationToken ct)
    {
        _inbox = inbox;
        await _changing.WaitAsync(ct);
        try
        {
            await OpenAsync(ct);
        }
        finally
        {
            _changing.Release();
        }

        // Whoever asks before it can hear misses the answer.
        await _orders!.ListeningAsync(ct);
    }

    public async Task SendAsync<T>(string queue, T message, bool durable, CancellationToken ct)
        where T : class
    {
        var publisher = _publisher ?? throw new SendException("The connection to the broker is being made.", new InvalidOperationException());
        var properties = new BasicProperties
        {
            ContentType = "application/json",
            Persistent = durable,
            Headers = new Dictionary<string, object?> { [MessageHeaders.MessageType] = MessageUrn.ForTypeString<T>() },
        };
        await publisher.SendAsync(queue, properties, JsonSerializer.SerializeToUtf8Bytes(message, ScitqJson.Bus), ct);
    }

    public async Task ConnectBatchAsync(string batch, int prefetch, CancellationToken ct)
    {
        await _changing.WaitAsync(ct);
        try
        {
            _wanted = (batch, prefetch);
            await ListenAsync();
        }
        finally
        {
            _changing.Release();
        }
    }

    public async Task DisconnectBatchAsync(CancellationToken ct)
    {
        await _changing.WaitAsync(ct);
        try
        {
            _wanted = null;
            if (_tasks is not null) await _tasks.DisconnectAsync();
        }
        finally
        {
            _changing.Release();
        }
    }

    public async Task RebuildAsync(CancellationToken ct)
    {
        await _changing.WaitAsync(ct);
        try
        {
            await CloseAsync();
            await OpenAsync(ct);
            await ListenAsync();
        }
        finally
        {
            _changing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Who listens may be about to stop listening just now, for the same reason, and the host disposes once more.
        await _changing.WaitAsync();
        try
        {
            await CloseAsync();
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task OpenAsync(CancellationToken ct)
    {
        var connections = _connections = new BrokerConnections(broker, $"scitq-agent {worker}", time);
        var publisher = _publisher = new Publisher(connections.For("publish"), time, logger);
        _orders = new QueueListener(connections.For("orders"), new OrderReader(_inbox!), publisher.ConnectedAsync, time, logger);
        _tasks = new QueueListener(connections.For("tasks"), new BatchReader(_inbox!), publisher.ConnectedAsync, time, logger);
        publisher.Start();
        await publisher.ConnectedAsync(ct);
        await _orders.ConnectAsync(Queues.Worker(worker), OrdersAtOnce);
    }

    private Task ListenAsync() =>
        _tasks is { } tasks && _wanted is { } wanted ? tasks.ConnectAsync(Queues.Batch(wanted.Batch), wanted.Prefetch) : Task.CompletedTask;

    /// <summary>Listening ends first: what is handed back by it needs the connections.</summary>
    private async Task CloseAsync()
    {
        if (_tasks is not null) await _tasks.DisposeAsync();
        _tasks = null;
        if (_orders is { } orders) await orders.DisposeAsync();
        _orders = null;
        if (_publisher is { } publisher) await publisher.DisposeAsync();
        _publisher = null;
        if (_connections is { } connections) await connections.DisposeAsync();
        _connections = null;
    }
}
