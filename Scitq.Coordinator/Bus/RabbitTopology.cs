using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Scitq.Access.Broker;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Messaging;

namespace Scitq.Coordinator.Bus;

/// <summary>RabbitMQ over a connection of its own: MassTransit neither declares lazy queues for others nor reads their depth.</summary>
internal sealed partial class RabbitTopology(BrokerSettings broker, TimeProvider clock, ILogger<RabbitTopology> logger) : BackgroundService, ITopology, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _gate = new(1);
    private readonly ConcurrentDictionary<string, bool> _declared = new();
    private readonly Complaint _trouble = new();
    private readonly AlarmProbe _probe = new(broker, clock);
    private IConnection? _connection;
    private IChannel? _channel;
    private DateTime? _upSince;
    private string? _away;

    // A broker that takes nothing is away: whoever is silent meanwhile can't be heard.
    public DateTime? UpSince => _probe.Alarm.Problem is null ? _upSince : null;

    public string? Problem => _probe.Alarm.Problem ?? _away;

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
        await _probe.DisposeAsync();
        if (_connection is not null) await _connection.EndAsync(ClosePatience);
        _gate.Dispose();
        Dispose();
    }

    /// <summary>Notices a broker that goes and comes, and declares anew what its new self may lack.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _probe.Alarm.Changed += AlarmChanged;
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), clock);
        do
        {
            try
            {
                await UseAsync(channel => Task.FromResult(channel.IsOpen), stoppingToken);
                await _probe.AskAsync(stoppingToken);
                if (_trouble.IsOver()) Log.BrokerIsWell(logger);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it was, its administrator may mend it: say so once, and go on trying.
                var reason = BrokerFailure.Reason(e, broker);
                if (_connection is not { IsOpen: true }) (_upSince, _away) = (null, $"the broker can't be reached ({reason.TrimEnd('.')})");
                if (_trouble.IsNew(reason)) Log.BrokerIsAway(logger, broker.Address.Host, broker.Address.Port, reason);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private void AlarmChanged(string? reason)
    {
        if (reason is null)
        {
            // As after an absence: what was held back is on its way.
            _upSince = clock.GetUtcNow().UtcDateTime;
            Log.BrokerTakesAgain(logger);
        }
        else
        {
            Log.BrokerTakesNothing(logger, BrokerAlarm.Say(reason));
        }
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
                if (_connection is not null) await _connection.EndAsync(ClosePatience);
                (_channel, _upSince) = (null, null);
                _connection = await broker.Factory("scitq-coordinator topology").CreateConnectionAsync(limit.Token);
                _declared.Clear();
            }

            if (_channel is not { IsOpen: true }) _channel = await _connection.CreateChannelAsync(cancellationToken: limit.Token);
            if (_upSince is null)
            {
                // Only now: a virtual host that is not there is told when a channel is opened.
                (_upSince, _away) = (clock.GetUtcNow().UtcDateTime, null);
                Log.BrokerIsUp(logger, broker.Address.Host, broker.Address.Port);
            }

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

        [LoggerMessage(2, LogLevel.Warning, "The broker at {Host}:{Port} is away: {Problem} Running tasks go on; trying again and again")]
        public static partial void BrokerIsAway(ILogger logger, string host, int port, string problem);

        [LoggerMessage(3, LogLevel.Information, "The broker is well again")]
        public static partial void BrokerIsWell(ILogger logger);

        [LoggerMessage(4, LogLevel.Warning, "Nothing can be handed out or heard: {Problem}; running tasks go on, and nobody is declared lost")]
        public static partial void BrokerTakesNothing(ILogger logger, string problem);

        [LoggerMessage(5, LogLevel.Information, "The broker takes messages again")]
        public static partial void BrokerTakesAgain(ILogger logger);
    }
}
