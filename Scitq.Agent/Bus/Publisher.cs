using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Scitq.Access.Broker;

namespace Scitq.Agent.Bus;

/// <summary>
/// The connection by which an agent tells, kept for as long as the agent lives; whoever listens waits for it. While the broker holds publishers
/// back, messages wait here.
/// </summary>
internal sealed partial class Publisher : IAsyncDisposable
{
    private static readonly TimeSpan SendPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private readonly BrokerConnection _connection;
    private readonly ConnectionKeeper _keeper;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, Lane> _lanes = new();

    public Publisher(BrokerConnection connection, TimeProvider time, ILogger logger)
    {
        (_connection, _time, _logger) = (connection, time, logger);
        _keeper = new ConnectionKeeper(connection, LongestPause, time) { Away = Away, Back = Back };
        Alarm.Changed += reason =>
        {
            if (reason is null) Log.TakesAgain(logger);
            else Log.TakesNothing(logger, BrokerAlarm.Say(reason));
        };
    }

    public BrokerAlarm Alarm => _connection.Alarm;

    public bool IsConnected => _keeper.IsConnected;

    public void Start() => _keeper.Start();

    /// <summary>Returns once there is a connection.</summary>
    public Task ConnectedAsync(CancellationToken ct) => _keeper.ConnectedAsync(ct);

    /// <summary>Returns once a queue of the broker has it.</summary>
    public async Task SendAsync(string exchange, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        var lane = _lanes.GetOrAdd(exchange, _ => new Lane());
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var sending = PublishAsync(lane, exchange, properties, body, patience.Token);
        try
        {
            while (true)
            {
                try
                {
                    await sending.WaitAsync(SendPatience, _time, ct);
                    lane.Trouble.IsOver();
                    return;
                }
                catch (TimeoutException) when (!sending.IsCompleted && Alarm.Within(SendPatience))
                {
                    // The broker reads nothing from us, and will read on where it stopped: sent again it would be there twice.
                }
            }
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Whatever it was, all that follows from it is that the message must be repeated.
            await patience.CancelAsync();
            var reason = Reason(e);
            if (IsConnected && lane.Trouble.IsNew(reason)) Log.NotSent(_logger, exchange, reason);
            throw new SendException($"A message to '{exchange}' was not confirmed: {reason}", e);
        }
        finally
        {
            await patience.CancelAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _keeper.DisposeAsync();
        foreach (var lane in _lanes.Values) lane.Dispose();
    }

    private async Task PublishAsync(Lane lane, string exchange, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        await _keeper.ConnectedAsync(ct);
        await Alarm.Over.WaitAsync(ct);
        var channel = await lane.ChannelAsync(_connection, ct);
        await channel.BasicPublishAsync(exchange, "", mandatory: true, properties, body, ct);
    }

    private string Reason(Exception e) => e switch
    {
        PublishException { IsReturn: true } => "no coordinator has made its queue on this broker yet.",
        _ when BrokerFailure.IsMissing(e) => "no coordinator has ever run on this broker.",
        TimeoutException when !IsConnected => "there is no connection to the broker.",
        TimeoutException => $"the broker did not confirm it within {SendPatience.TotalSeconds:0} s.",
        _ => BrokerFailure.Reason(e, _connection.Broker),
    };

    private void Away(string why, bool wasThere)
    {
        var broker = _connection.Broker.Address;
        if (wasThere) Log.BrokerAway(_logger, broker.Host, broker.Port, why);
        else Log.NotConnected(_logger, broker.Host, broker.Port, why);
    }

    private void Back(bool again)
    {
        if (again) Log.ConnectedAgain(_logger, _connection.Broker.Address);
    }

    /// <summary>A channel for each exchange: one that is missing or forbidden closes the channel for all that is under way on it.</summary>
    private sealed class Lane : IDisposable
    {
        private readonly SemaphoreSlim _gate = new(1);
        private volatile IChannel? _channel;

        public Complaint Trouble { get; } = new();

        public async ValueTask<IChannel> ChannelAsync(BrokerConnection connection, CancellationToken ct)
        {
            if (_channel is { IsOpen: true } open) return open;
            await _gate.WaitAsync(ct);
            try
            {
                if (_channel is { IsOpen: true } opened) return opened;
                return _channel = await connection.ConfirmingChannelAsync(ct);
            }
            finally
            {
                _gate.Release();
            }
        }

        public void Dispose() => _gate.Dispose();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "Not connected to the broker at {Host}:{Port} yet: {Problem} Trying again and again. Is the address right (--bus)?")]
        public static partial void NotConnected(ILogger logger, string host, int port, string problem);

        [LoggerMessage(2, LogLevel.Warning, "No connection to the broker at {Host}:{Port}: {Problem} Trying again and again; commands run on.")]
        public static partial void BrokerAway(ILogger logger, string host, int port, string problem);

        [LoggerMessage(3, LogLevel.Information, "Connected to the broker at {Broker}.")]
        public static partial void ConnectedAgain(ILogger logger, BrokerAddress broker);

        [LoggerMessage(4, LogLevel.Warning, "Messages to the exchange '{Exchange}' wait: {Problem} Trying again and again.")]
        public static partial void NotSent(ILogger logger, string exchange, string problem);

        [LoggerMessage(5, LogLevel.Warning, "This agent can tell the coordinator nothing: {Problem}. Commands run on, and messages wait.")]
        public static partial void TakesNothing(ILogger logger, string problem);

        [LoggerMessage(6, LogLevel.Information, "The broker takes messages again.")]
        public static partial void TakesAgain(ILogger logger);
    }
}
