using RabbitMQ.Client;
using Scitq.Access.Broker;

namespace Scitq.Coordinator.Bus;

/// <summary>
/// Notices a broker that takes nothing. RabbitMQ tells of an alarm only on a connection that publishes, and reads nothing more
/// from that one: so a connection of its own sends a message that no queue takes, again and again.
/// </summary>
internal sealed class AlarmProbe(BrokerSettings broker, TimeProvider clock) : IAsyncDisposable
{
    private const string NoQueue = "scitq.probe";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(2);
    private IConnection? _connection;
    private IChannel? _channel;

    public BrokerAlarm Alarm { get; } = new(clock);

    /// <summary>Sends one, unless the broker is known to take none.</summary>
    public async Task AskAsync(CancellationToken ct)
    {
        if (_connection is { IsOpen: true } && Alarm.Problem is not null) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        if (_connection is not { IsOpen: true })
        {
            await DisposeAsync();
            _connection = await broker.Factory("scitq-coordinator alarms").CreateConnectionAsync(limit.Token);
            Alarm.Follow(_connection);
        }

        if (_channel is not { IsOpen: true }) _channel = await _connection.CreateChannelAsync(cancellationToken: limit.Token);
        await _channel.BasicPublishAsync("", NoQueue, mandatory: false, new BasicProperties(), ReadOnlyMemory<byte>.Empty, limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.EndAsync(ClosePatience);
        (_connection, _channel) = (null, null);
    }
}
