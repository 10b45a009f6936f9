using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Messaging;

namespace Scitq.Coordinator.Bus;

/// <summary>RabbitMQ over a connection of its own: MassTransit neither declares lazy queues for others nor reads their depth.</summary>
internal sealed partial class RabbitTopology(Uri broker, TimeProvider clock, ILogger<RabbitTopology> logger) : BackgroundService, ITopology, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private readonly SemaphoreSlim _gate = new(1);
    private readonly ConcurrentDictionary<string, bool> _declared = new();
    private IConnection? _connection;
    private IChannel? _channel;

    public DateTime? UpSince { get; private set; }

    public Uri Batch(string batch) => BusConfiguration.Address(Queues.Batch(batch));

    public Uri Worker(string worker) => BusConfiguration.Address(Queues.Worker(worker));

    public async Task EnsureBatchAsync(string batch, CancellationToken ct)
    {
        var name = Queues.Batch(batch);
        if (_declared.ContainsKey(name)) return;
        await DeclareAsync(name, BusConfiguration.BatchQueueArguments, ct);
        _declared[name] = true;
    }

    public Task EnsureWorkerAsync(string worker, CancellationToken ct) => DeclareAsync(Queues.Worker(worker), BusConfiguration.WorkerQueueArguments, ct);

    public void Forget(string batch) => _declared.TryRemove(Queues.Batch(batch), out _);

    public async Task<long?> WaitingAsync(string batch, CancellationToken ct)
    {
        try
        {
            return await UseAsync(async channel => (long)(await channel.QueueDeclarePassiveAsync(Queues.Batch(batch), ct)).MessageCount, ct);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == 404)
        {
            // Somebody has deleted the queue: it holds nothing, and is to be declared again.
            Forget(batch);
            return 0;
        }
    }

    public Task ReplyAsync(string replyTo, string? correlationId, TasksSubmitted answer, CancellationToken ct) =>
        UseAsync(
            async channel =>
            {
                var properties = new BasicProperties { ContentType = "application/json", CorrelationId = correlationId };
                // Not mandatory: a submitter that no longer waits for its numbers has lost nothing.
                await channel.BasicPublishAsync("", replyTo, false, properties, JsonSerializer.SerializeToUtf8Bytes(answer, ScitqJson.Bus), ct);
                return true;
            },
            ct);

    public async IAsyncEnumerable<RefusedMessage> TakeRefusedAsync(IReadOnlyList<string> queues, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var queue in queues)
        {
            while (true)
            {
                BasicGetResult? message;
                try
                {
                    message = await UseAsync(channel => channel.BasicGetAsync(queue, false, ct), ct);
                }
                catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == 404)
                {
                    break;          // made by the first refused message
                }

                if (message is null) break;
                var problem = message.BasicProperties.Headers?.TryGetValue("MT-Fault-Message", out var text) == true && text is byte[] bytes ? Encoding.UTF8.GetString(bytes) : null;
                yield return new RefusedMessage(queue, message.Body.ToArray(), problem);
                await UseAsync(
                    async channel =>
                    {
                        await channel.BasicAckAsync(message.DeliveryTag, false, ct);
                        return true;
                    },
                    ct);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
        _gate.Dispose();
        Dispose();
    }

    /// <summary>Notices a broker that goes and comes, and declares anew what its new self may lack.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), clock);
        do
        {
            try
            {
                await UseAsync(channel => Task.FromResult(channel.IsOpen), stoppingToken);
            }
            catch (Exception e) when (e is BrokerUnreachableException or OperationInterruptedException or AlreadyClosedException or IOException or TimeoutException or OperationCanceledException && !stoppingToken.IsCancellationRequested)
            {
                if (UpSince is not null) Log.BrokerIsAway(logger, e.Message);
                UpSince = null;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private Task DeclareAsync(string name, IReadOnlyDictionary<string, object> arguments, CancellationToken ct) =>
        UseAsync(
            async channel =>
            {
                await channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true, cancellationToken: ct);
                await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, arguments.ToDictionary(a => a.Key, a => (object?)a.Value), cancellationToken: ct);
                await channel.QueueBindAsync(name, name, "", cancellationToken: ct);
                return true;
            },
            ct);

    private async Task<T> UseAsync<T>(Func<IChannel, Task<T>> action, CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(Patience);
            if (_connection is not { IsOpen: true })
            {
                if (_connection is not null) await _connection.DisposeAsync();
                _connection = null;
                var factory = new ConnectionFactory { Uri = broker, ClientProvidedName = "scitq-coordinator topology", AutomaticRecoveryEnabled = false, RequestedHeartbeat = TimeSpan.FromSeconds(10) };
                _connection = await factory.CreateConnectionAsync(limit.Token);
                _declared.Clear();
                _channel = null;
                UpSince = clock.GetUtcNow().UtcDateTime;
                Log.BrokerIsUp(logger, _connection.Endpoint.HostName, _connection.Endpoint.Port);
            }

            if (_channel is not { IsOpen: true }) _channel = await _connection.CreateChannelAsync(cancellationToken: limit.Token);
            return await action(_channel).WaitAsync(limit.Token);
        }
        finally
        {
            _gate.Release();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Connected to the broker at {Host}:{Port}")]
        public static partial void BrokerIsUp(ILogger logger, string host, int port);

        [LoggerMessage(2, LogLevel.Warning, "The broker is away ({Problem}); running tasks go on")]
        public static partial void BrokerIsAway(ILogger logger, string problem);
    }
}
