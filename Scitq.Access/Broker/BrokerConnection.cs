using System.Diagnostics.CodeAnalysis;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Scitq.Access.Broker;

/// <summary>
/// One of a program's connections to the broker. It is opened when a channel is asked of it, by one caller however many ask, and
/// opened anew when it has broken.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle is never asked for holds nothing to dispose of.")]
public sealed class BrokerConnection
{
    private static readonly TimeSpan OpenPatience = 2 * BrokerSettings.ConnectTimeout;
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _gate = new(1);
    private readonly ConnectionFactory _factory;
    private readonly TimeProvider _time;
    private volatile IConnection? _connection;

    internal BrokerConnection(BrokerSettings broker, string name, TimeProvider time)
    {
        (Broker, _factory, _time) = (broker, broker.Factory(name), time);
        Alarm = new BrokerAlarm(time);
    }

    /// <summary>Where to and as whom it connects.</summary>
    public BrokerSettings Broker { get; }

    /// <summary>Whether the broker holds this connection back.</summary>
    public BrokerAlarm Alarm { get; }

    /// <summary>Whether there is a connection now.</summary>
    public bool IsOpen => _connection is { IsOpen: true };

    /// <summary>The connection, for whoever needs several channels of the same one; opened unless it is open.</summary>
    public async ValueTask<IConnection> OpenAsync(CancellationToken ct)
    {
        if (_connection is { IsOpen: true } open) return open;
        await _gate.WaitAsync(ct);
        try
        {
            if (_connection is { IsOpen: true } opened) return opened;
            await EndAsync();
            var connection = await ConnectAsync(ct);
            Alarm.Follow(connection);
            return _connection = connection;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>A new channel.</summary>
    public async Task<IChannel> ChannelAsync(CancellationToken ct) => await (await OpenAsync(ct)).CreateChannelAsync(cancellationToken: ct);

    /// <summary>A new channel, on which a publication returns once the broker has the message, and fails when the broker returns it.</summary>
    public async Task<IChannel> ConfirmingChannelAsync(CancellationToken ct) => await (await OpenAsync(ct)).CreateConfirmingChannelAsync(ct);

    /// <summary>Closes it in a bounded time, even one from which the broker reads nothing, and never throws. It can be opened again.</summary>
    public async Task CloseAsync()
    {
        await _gate.WaitAsync();
        try
        {
            await EndAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<IConnection> ConnectAsync(CancellationToken ct)
    {
        var connecting = _factory.CreateConnectionAsync(ct);
        try
        {
            return await connecting.WaitAsync(OpenPatience, _time, ct);
        }
        catch
        {
            // Nobody waits for it any more, so nobody would close it. It may have come up in this very moment.
            _ = connecting.ContinueWith(
                late => EndAsync(late.Result), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw;
        }
    }

    private async Task EndAsync()
    {
        var connection = _connection;
        _connection = null;
        if (connection is not null) await EndAsync(connection);
    }

    private async Task EndAsync(IConnection connection)
    {
        try
        {
            await connection.AbortAsync(ClosePatience).WaitAsync(2 * ClosePatience, _time);
            await connection.DisposeAsync().AsTask().WaitAsync(2 * ClosePatience, _time);
        }
        catch (Exception e) when (e is AlreadyClosedException or OperationInterruptedException or IOException or TimeoutException or OperationCanceledException
            or ObjectDisposedException)
        {
            // It was broken, which is why it is closed; the broker notices by its own heartbeat.
        }
    }
}
