using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Scitq.Access.Broker;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Bus;

/// <summary>RabbitMQ over a connection of its own: MassTransit neither declares lazy queues for others nor reads their depth.</summary>
internal sealed partial class RabbitTopology : BackgroundService, ITopology, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private readonly BrokerConnection _connection;
    private readonly ConnectionKeeper _keeper;
    private readonly AlarmProbe _probe;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly ConcurrentDictionary<string, bool> _declared = new();
    private readonly Complaint _trouble = new();
    private IChannel? _channel;
    private volatile Presence _presence = new(null, null);

    public RabbitTopology(BrokerConnections connections, TimeProvider clock, ILogger<RabbitTopology> logger)
    {
        (_clock, _logger) = (clock, logger);
        _connection = connections.For("topology");
        _keeper = new ConnectionKeeper(_connection, LongestPause, clock) { Away = Away, Back = _ => Back() };
        _probe = new AlarmProbe(connections.For("alarms"), clock);
        _probe.Alarm.Changed += AlarmChanged;
    }

    // A broker that takes nothing is away: a worker that is silent meanwhile can't be heard.
    public DateTime? UpSince => _probe.Alarm.Problem is null ? _presence.Since : null;

    public string? Problem => _probe.Alarm.Problem ?? _presence.Problem;

    private BrokerAddress Address => _connection.Broker.Address;

    public Uri Worker(string worker) => BusConfiguration.Address(Queues.Worker(worker));

    public async Task EnsureBatchAsync(string batch, CancellationToken ct)
    {
        var name = Queues.Batch(batch);
        if (_declared.ContainsKey(name)) return;
        await DeclareAsync(name, Queues.BatchArguments, ct);
        _declared[name] = true;
    }

    public Task EnsureWorkerAsync(string worker, CancellationToken ct) => DeclareAsync(Queues.Worker(worker), Queues.WorkerArguments, ct);

    public Task DeleteWorkerAsync(string worker, CancellationToken ct) =>
        UseAsync(
            async channel =>
            {
                await channel.QueueDeleteAsync(Queues.Worker(worker), ifUnused: false, ifEmpty: false, cancellationToken: ct);
                await channel.ExchangeDeleteAsync(Queues.Worker(worker), ifUnused: false, cancellationToken: ct);
                return true;
            },
            ct);

    /// <summary>Forgets what was declared: somebody has deleted it.</summary>
    public void Forget(string batch) => _declared.TryRemove(Queues.Batch(batch), out _);

    /// <summary>How many messages wait in the batch's queue.</summary>
    public async Task<long> WaitingAsync(string batch, CancellationToken ct)
    {
        try
        {
            return await UseAsync(async channel => (long)(await channel.QueueDeclarePassiveAsync(Queues.Batch(batch), ct)).MessageCount, ct);
        }
        catch (OperationInterruptedException e) when (BrokerFailure.IsMissing(e))
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
                catch (OperationInterruptedException e) when (BrokerFailure.IsMissing(e))
                {
                    break;          // made by the first refused message
                }

                if (message is null) break;
                yield return new RefusedMessage(queue, message.Body.ToArray(), ProblemOf(message.BasicProperties));
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
        await _keeper.DisposeAsync();
        _gate.Dispose();
        Dispose();
    }

    /// <summary>Notices a broker that goes and comes, or takes nothing.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _keeper.Start();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), _clock);
        do
        {
            if (!_keeper.IsConnected) continue;
            try
            {
                await _probe.AskAsync(stoppingToken);
                if (_trouble.IsOver()) Log.AlarmsCanBeSeen(_logger);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it was, its administrator may mend it: say so once, and go on trying. A broker that has just gone is the keeper's to tell.
                var reason = BrokerFailure.Reason(e, _connection.Broker);
                if (_keeper.IsConnected && _trouble.IsNew(reason)) Log.AlarmsCannotBeSeen(_logger, Address.Host, Address.Port, reason);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static string? ProblemOf(IReadOnlyBasicProperties properties) =>
        properties.Headers?.TryGetValue("MT-Fault-Message", out var text) == true && text is byte[] bytes ? Encoding.UTF8.GetString(bytes) : null;

    private void Away(string problem, bool wasThere)
    {
        _presence = new Presence(null, $"the broker can't be reached ({problem.TrimEnd('.')})");
        Log.BrokerIsAway(_logger, Address.Host, Address.Port, problem);
    }

    private void Back()
    {
        // A new broker may lack what the old one had.
        _declared.Clear();
        _presence = new Presence(_clock.GetUtcNow().UtcDateTime, null);
        Log.BrokerIsUp(_logger, Address.Host, Address.Port);
    }

    private void AlarmChanged(string? reason)
    {
        if (reason is null)
        {
            // As after an absence: what was held back is on its way.
            if (_keeper.IsConnected) _presence = new Presence(_clock.GetUtcNow().UtcDateTime, null);
            Log.BrokerTakesAgain(_logger);
        }
        else
        {
            Log.BrokerTakesNothing(_logger, BrokerAlarm.Say(reason));
        }
    }

    private Task DeclareAsync(string name, IReadOnlyDictionary<string, object?> arguments, CancellationToken ct) =>
        UseAsync(
            async channel =>
            {
                await channel.DeclareAsync(name, arguments, ct);
                return true;
            },
            ct);

    /// <summary>One at a time, on one channel; waits for a broker that is away, but not for long.</summary>
    private async Task<T> UseAsync<T>(Func<IChannel, Task<T>> action, CancellationToken ct)
    {
        await _keeper.ConnectedAsync(ct).WaitAsync(Patience, _clock, ct);
        await _gate.WaitAsync(ct);
        try
        {
            using var patience = new CancellationTokenSource(Patience, _clock);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
            if (_channel is not { IsOpen: true }) _channel = await _connection.ChannelAsync(limit.Token);
            return await action(_channel).WaitAsync(limit.Token);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Since when the broker is there, or why it is not.</summary>
    private sealed record Presence(DateTime? Since, string? Problem);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Connected to the broker at {Host}:{Port}")]
        public static partial void BrokerIsUp(ILogger logger, string host, int port);

        [LoggerMessage(2, LogLevel.Warning, "The broker at {Host}:{Port} is away: {Problem} Running tasks go on; trying again and again")]
        public static partial void BrokerIsAway(ILogger logger, string host, int port, string problem);

        [LoggerMessage(3, LogLevel.Warning, "Whether the broker at {Host}:{Port} is under an alarm can't be seen: {Problem} Trying again and again")]
        public static partial void AlarmsCannotBeSeen(ILogger logger, string host, int port, string problem);

        [LoggerMessage(4, LogLevel.Information, "Alarms of the broker can be seen again")]
        public static partial void AlarmsCanBeSeen(ILogger logger);

        [LoggerMessage(5, LogLevel.Warning, "Nothing can be handed out or heard: {Problem}; running tasks go on, and nobody is declared lost")]
        public static partial void BrokerTakesNothing(ILogger logger, string problem);

        [LoggerMessage(6, LogLevel.Information, "The broker takes messages again")]
        public static partial void BrokerTakesAgain(ILogger logger);
    }
}
