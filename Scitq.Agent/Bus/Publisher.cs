using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Scitq.Access.Broker;

namespace Scitq.Agent.Bus;

/// <summary>
/// The connection by which an agent tells. It is made anew for as long as the agent lives, and whoever listens waits for it, so
/// that what is wrong with the broker is said in one place, once. While the broker holds publishers back, what is sent waits.
/// </summary>
internal sealed partial class Publisher(BrokerSettings broker, string worker, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan SendPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan NoticeAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(2);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<string, Lane> _lanes = new();
    private readonly Complaint _away = new();
    private volatile TaskCompletionSource<IConnection> _connection = NewConnection();
    private Task _keeping = Task.CompletedTask;
    private bool _wasThere;

    public BrokerAlarm Alarm { get; } = new(time);

    public bool IsConnected => _connection.Task.IsCompletedSuccessfully;

    public void Start()
    {
        Alarm.Changed += reason =>
        {
            if (reason is null) TakesAgain(logger);
            else TakesNothing(logger, BrokerAlarm.Say(reason));
        };
        _keeping = KeepAsync(_end.Token);
    }

    /// <summary>Returns once there is a connection.</summary>
    public Task ConnectedAsync(CancellationToken ct) => _connection.Task.WaitAsync(ct);

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
                    await sending.WaitAsync(SendPatience, time, ct);
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
            if (IsConnected && lane.Trouble.IsNew(reason)) NotSent(logger, exchange, reason);
            throw new SendException($"A message to '{exchange}' was not confirmed: {reason}", e);
        }
        finally
        {
            await patience.CancelAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _keeping;
        foreach (var lane in _lanes.Values) lane.Dispose();
        _end.Dispose();
    }

    private static TaskCompletionSource<IConnection> NewConnection() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task PublishAsync(Lane lane, string exchange, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        var connection = await ConnectionAsync(ct);
        await Alarm.Over.WaitAsync(ct);
        var channel = await lane.ChannelAsync(connection, ct);
        await channel.BasicPublishAsync(exchange, "", mandatory: true, properties, body, ct);
    }

    private Task<IConnection> ConnectionAsync(CancellationToken ct) => _connection.Task.WaitAsync(ct);

    private string Reason(Exception e) => e switch
    {
        PublishException { IsReturn: true } => "no coordinator has made its queue on this broker yet.",
        _ when BrokerFailure.IsMissing(e) => "no coordinator has ever run on this broker.",
        TimeoutException when !IsConnected => "there is no connection to the broker.",
        TimeoutException => $"the broker did not confirm it within {SendPatience.TotalSeconds:0} s.",
        _ => BrokerFailure.Reason(e, broker),
    };

    private async Task KeepAsync(CancellationToken ct)
    {
        for (var pause = FirstPause; !ct.IsCancellationRequested; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                if (await ConnectAsync(ct)) pause = FirstPause;
                // Many agents come back to a broker at the same moment.
                await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), time, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Connects, and returns when the connection is gone; true if there was one.</summary>
    private async Task<bool> ConnectAsync(CancellationToken ct)
    {
        IConnection? connection = null;
        var gone = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            var connecting = broker.Factory($"scitq-agent {worker} publish").CreateConnectionAsync(ct);
            if (await Task.WhenAny(connecting, Task.Delay(NoticeAfter, time, ct)) != connecting) Away("it has not answered for 2 s.");
            connection = await connecting.WaitAsync(2 * BrokerSettings.ConnectTimeout, time, ct);
            connection.ConnectionShutdownAsync += (_, shutdown) =>
            {
                gone.TrySetResult(BrokerFailure.Reason(shutdown, broker));
                return Task.CompletedTask;
            };
            // A virtual host that is not there, or a limit, is told only when something is asked for.
            var channel = await connection.CreateChannelAsync(cancellationToken: ct).WaitAsync(BrokerSettings.ConnectTimeout, time, ct);
            await channel.DisposeAsync();
            Alarm.Follow(connection);
            var again = _away.IsOver() | _wasThere;
            if (again) ConnectedAgain(logger, broker.Address);
            _wasThere = true;
            _connection.TrySetResult(connection);
            var why = await gone.Task.WaitAsync(ct);
            _connection = NewConnection();
            Away(why);
            return true;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Whatever is wrong with the broker, its administrator may mend it: say so and go on trying.
            Away(BrokerFailure.Reason(e, broker));
            return false;
        }
        finally
        {
            foreach (var lane in _lanes.Values) lane.Forget();
            if (connection is not null) await connection.EndAsync(ClosePatience);
        }
    }

    private void Away(string why)
    {
        if (!_away.IsNew(why)) return;
        if (_wasThere) BrokerAway(logger, broker.Address.Host, broker.Address.Port, why);
        else NotConnected(logger, broker.Address.Host, broker.Address.Port, why);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not connected to the broker at {Host}:{Port} yet: {Problem} Trying again and again. Is the address right (--bus)?")]
    private static partial void NotConnected(ILogger logger, string host, int port, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No connection to the broker at {Host}:{Port}: {Problem} Trying again and again; commands run on.")]
    private static partial void BrokerAway(ILogger logger, string host, int port, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to the broker at {Broker}.")]
    private static partial void ConnectedAgain(ILogger logger, BrokerAddress broker);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What is to be told by way of '{Exchange}' waits: {Problem} Trying again and again.")]
    private static partial void NotSent(ILogger logger, string exchange, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Nothing can be told: {Problem}. Commands run on, and what is to be told waits.")]
    private static partial void TakesNothing(ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "The broker takes messages again.")]
    private static partial void TakesAgain(ILogger logger);

    /// <summary>A channel for each exchange: one that is missing or forbidden closes the channel for all that is under way on it.</summary>
    private sealed class Lane : IDisposable
    {
        private readonly SemaphoreSlim _gate = new(1);
        private volatile IChannel? _channel;

        public Complaint Trouble { get; } = new();

        public async ValueTask<IChannel> ChannelAsync(IConnection connection, CancellationToken ct)
        {
            if (_channel is { IsOpen: true } open) return open;
            await _gate.WaitAsync(ct);
            try
            {
                if (_channel is { IsOpen: true } opened) return opened;
                return _channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), ct);
            }
            finally
            {
                _gate.Release();
            }
        }

        public void Forget() => _channel = null;

        public void Dispose() => _gate.Dispose();
    }
}
