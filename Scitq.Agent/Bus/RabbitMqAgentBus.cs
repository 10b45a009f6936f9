using MassTransit;
using Microsoft.Extensions.Logging;
using Scitq.Contracts;
using Scitq.Messaging;

namespace Scitq.Agent.Bus;

/// <summary>
/// Separate connections to RabbitMQ for what comes and what goes: a broker under a memory or disk alarm blocks a
/// connection that publishes, and acknowledgements must go on flowing.
/// </summary>
internal sealed partial class RabbitMqAgentBus(Uri address, string worker, ILogger<RabbitMqAgentBus> logger) : IAgentBus
{
    private static readonly TimeSpan SendPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan NoticeAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);
    private readonly SemaphoreSlim _changing = new(1, 1);
    private IInbox? _inbox;
    private IBusControl? _consuming;
    private volatile IBusControl? _publishing;
    private BatchListener? _tasks;
    private (string Batch, int Prefetch)? _wanted;

    public bool GivesBack => true;

    public bool Healthy => _consuming is { } bus && bus.CheckHealth().Status != BusHealthStatus.Unhealthy;

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
    }

    public async Task SendAsync<T>(string queue, T message, bool durable, CancellationToken ct)
        where T : class
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(SendPatience);
        try
        {
            var bus = _publishing ?? throw new InvalidOperationException("The connection to the broker is being made.");
            var endpoint = await bus.GetSendEndpoint(BusConfiguration.Address(queue)).WaitAsync(patience.Token);
            // WaitAsync: the first send to an exchange declares it, which heeds no token.
            await endpoint.Send(message, context => Prepare(context, durable), patience.Token).WaitAsync(patience.Token);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Whatever the transport threw, all that follows from it is that the message must be repeated.
            throw new SendException($"A message to '{queue}' was not confirmed: {e.Message}", e);
        }
    }

    public async Task ConnectBatchAsync(string batch, int prefetch, CancellationToken ct)
    {
        await _changing.WaitAsync(ct);
        try
        {
            _wanted = (batch, prefetch);
            await ListenAsync(ct);
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
            if (_wanted is not null) await ListenAsync(ct);
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

    private static void Prepare(SendContext context, bool durable)
    {
        context.Durable = durable;
        if (context.TryGetPayload<RabbitMqSendContext>(out var rabbit)) rabbit.Mandatory = true;
    }

    private async Task OpenAsync(CancellationToken ct)
    {
        // The queue of its own it declares itself, for it may be there before any coordinator is.
        var consuming = StartAsync("consume", bus => bus.ReceiveEndpoint(Queues.Worker(worker), endpoint =>
        {
            foreach (var (key, value) in BusConfiguration.WorkerQueueArguments) endpoint.SetQueueArgument(key, value);
            endpoint.ReceiveOrders(_inbox!);
        }), ct);
        var publishing = StartAsync("publish", _ => { }, ct);
        var both = Task.WhenAll(consuming, publishing);
        if (await Task.WhenAny(both, Task.Delay(NoticeAfter, ct)) != both) StillConnecting(logger, address.Host, address.Port);
        _consuming = await consuming;
        _publishing = await publishing;
    }

    private Task ListenAsync(CancellationToken ct)
    {
        var (batch, prefetch) = _wanted!.Value;
        _tasks ??= new BatchListener(address, worker, _inbox!, logger);
        return _tasks.ConnectAsync(batch, prefetch, ct);
    }

    private IBusControl Make(string purpose, Action<IRabbitMqBusFactoryConfigurator> configure) => MassTransit.Bus.Factory.CreateUsingRabbitMq(bus =>
    {
        bus.Host(address, host =>
        {
            host.Heartbeat(TimeSpan.FromSeconds(10));
            host.ConnectionName($"scitq-agent {worker} {purpose}");
        });
        bus.UsePlainJson();
        configure(bus);
    });

    private async Task<IBusControl> StartAsync(string purpose, Action<IRabbitMqBusFactoryConfigurator> configure, CancellationToken ct)
    {
        while (true)
        {
            var bus = Make(purpose, configure);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
            patience.CancelAfter(TimeSpan.FromSeconds(30));
            try
            {
                await bus.StartAsync(patience.Token);
                return bus;
            }
            catch (Exception e) when (ct.IsCancellationRequested)
            {
                throw new OperationCanceledException("Stopped while connecting.", e, ct);
            }
            catch (Exception e)
            {
                // Whatever is wrong with the broker, its administrator may mend it: say so and go on trying.
                BrokerAway(logger, address.Host, address.Port, e.GetBaseException().Message);
                await StopAsync(bus.StopAsync);
                await Task.Delay(TimeSpan.FromSeconds(1), ct);
            }
        }
    }

    private async Task CloseAsync()
    {
        var publishing = _publishing;
        _publishing = null;
        if (_tasks is not null) await _tasks.DisposeAsync();
        _tasks = null;
        if (_consuming is { } consuming) await StopAsync(consuming.StopAsync);
        _consuming = null;
        if (publishing is not null) await StopAsync(publishing.StopAsync);
    }

    private async Task StopAsync(Func<CancellationToken, Task> stop)
    {
        using var patience = new CancellationTokenSource(StopPatience);
        try
        {
            await stop(patience.Token).WaitAsync(patience.Token);
        }
        catch (Exception e)
        {
            // A connection that is broken can't be closed in order; the broker notices by its own heartbeat.
            CloseFailed(logger, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not connected to the broker at {Host}:{Port} yet: trying. Is it the right address (--bus)?")]
    private static partial void StillConnecting(ILogger logger, string host, int port);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No connection to the broker at {Host}:{Port}: {Problem} Trying again.")]
    private static partial void BrokerAway(ILogger logger, string host, int port, string problem);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A connection to the broker did not close in order.")]
    private static partial void CloseFailed(ILogger logger, Exception e);
}
