using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Messaging;

namespace Scitq.Agent.Bus;

/// <summary>
/// On the bus of the process it shares with the coordinator. That bus loses a message whose consumer fails, and has no
/// other agent to serve it: deliveries are held until there is room.
/// </summary>
internal sealed class InMemoryAgentBus(IBus bus, string worker) : IAgentBus
{
    private IInbox? _inbox;
    private HostReceiveEndpointHandle? _orders;
    private HostReceiveEndpointHandle? _tasks;
    private CancellationTokenSource? _connection;

    public bool GivesBack => false;

    public bool Healthy => true;

    public async Task StartAsync(IInbox inbox, CancellationToken ct)
    {
        _inbox = inbox;
        _orders = bus.ConnectReceiveEndpoint(Queues.Worker(worker), endpoint => endpoint.ReceiveOrders(inbox));
        await _orders.Ready.WaitAsync(ct);
    }

    public async Task SendAsync<T>(string queue, T message, bool durable, CancellationToken ct)
        where T : class
    {
        var endpoint = await bus.GetSendEndpoint(BusConfiguration.Address(queue));
        await endpoint.Send(message, ct);
    }

    public async Task ConnectBatchAsync(string batch, int prefetch, CancellationToken ct)
    {
        _connection = new CancellationTokenSource();
        var token = _connection.Token;
        _tasks = bus.ConnectReceiveEndpoint(Queues.Batch(batch), endpoint => endpoint.ReceiveTasks(
            _inbox!, prefetch, (message, ct) => SendAsync(Queues.Batch(batch), message, true, ct), token));
        await _tasks.Ready.WaitAsync(ct);
    }

    public async Task DisconnectBatchAsync(CancellationToken ct)
    {
        // Who stops the agent does this too, at the same moment as the one who listens.
        if (Interlocked.Exchange(ref _tasks, null) is not { } tasks) return;
        using var connection = Interlocked.Exchange(ref _connection, null)!;
        await connection.CancelAsync();
        await tasks.StopAsync(ct);
    }

    public Task RebuildAsync(CancellationToken ct) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await DisconnectBatchAsync(CancellationToken.None);
        if (_orders is not null) await _orders.StopAsync(CancellationToken.None);
        _orders = null;
    }
}
