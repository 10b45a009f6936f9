using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Bus;

/// <summary>On the bus of the process that the agent shares with the coordinator.</summary>
internal sealed class InMemoryAgentBus(IBus bus, string worker, TimeProvider time) : IAgentBus
{
    private const int OrdersAtOnce = 32;
    private const int MostHeld = 256;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private IInbox? _inbox;
    private HostReceiveEndpointHandle? _orders;
    private Receiver? _tasks;

    public bool Healthy => true;

    public async Task StartAsync(IInbox inbox, CancellationToken ct)
    {
        _inbox = inbox;
        _orders = bus.ConnectReceiveEndpoint(Queues.Worker(worker), endpoint =>
        {
            endpoint.PrefetchCount = OrdersAtOnce;
            Configure(endpoint);
            foreach (var route in inbox.Routes) route.Receive(endpoint, inbox.ReceiveAsync);
        });
        await _orders.Ready.WaitAsync(ct);
    }

    public async Task SendAsync<T>(string queue, T message, bool durable, CancellationToken ct)
        where T : class
    {
        try
        {
            var endpoint = await bus.GetSendEndpoint(new Uri("queue:" + queue));
            await endpoint.Send(message, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            throw new SendException($"A message to '{queue}' was not sent: {e.Message}", e);
        }
    }

    public async Task ConnectBatchAsync(string batch, int prefetch, CancellationToken ct)
    {
        await _changing.WaitAsync(ct);
        try
        {
            if (_tasks?.Batch != batch)
            {
                await EndAsync();
                _tasks = await ReceiveAsync(batch, ct);
            }

            await _tasks.Deliveries.OpenAsync(prefetch);
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
            if (_tasks is { } tasks) await tasks.Deliveries.CloseAsync();
        }
        finally
        {
            _changing.Release();
        }
    }

    public Task RebuildAsync(CancellationToken ct) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        // Whoever stops the agent does this at the same moment as the host.
        await _changing.WaitAsync();
        try
        {
            await EndAsync();
            if (_orders is not null) await _orders.StopAsync(CancellationToken.None);
            _orders = null;
        }
        finally
        {
            _changing.Release();
        }
    }

    private static void Configure(IReceiveEndpointConfigurator endpoint)
    {
        endpoint.ConfigureConsumeTopology = false;
        endpoint.PublishFaults = false;
    }

    private async Task<Receiver> ReceiveAsync(string batch, CancellationToken ct)
    {
        var deliveries = new HeldDeliveries(
            _inbox!.ReceiveAsync, message => SendAsync(Queues.Batch(batch), message, durable: true, CancellationToken.None), time);
        var endpoint = bus.ConnectReceiveEndpoint(Queues.Batch(batch), endpoint =>
        {
            endpoint.PrefetchCount = MostHeld;
            Configure(endpoint);
            endpoint.Handler<TaskQueued>(context => deliveries.HoldAsync(context.Message, context.CancellationToken));
        });
        await endpoint.Ready.WaitAsync(ct);
        return new Receiver(batch, endpoint, deliveries);
    }

    private async Task EndAsync()
    {
        if (_tasks is not { } tasks) return;
        _tasks = null;
        // Stopping comes first, or what is given back would be delivered here again.
        var stopping = tasks.Endpoint.StopAsync(CancellationToken.None);
        await tasks.Deliveries.EndAsync();
        await stopping;
        tasks.Deliveries.Dispose();
    }

    private sealed record Receiver(string Batch, HostReceiveEndpointHandle Endpoint, HeldDeliveries Deliveries);
}
