using RabbitMQ.Client;
using Scitq.Access.Broker;

namespace Scitq.Coordinator.Bus;

/// <summary>
/// Notices a broker that takes nothing. RabbitMQ tells of an alarm only on a connection that publishes, and reads nothing more
/// from that one: so a connection of its own sends a message that no queue takes, again and again.
/// </summary>
internal sealed class AlarmProbe(BrokerConnection connection, TimeProvider clock)
{
    private const string NoQueue = "scitq.probe";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private IChannel? _channel;

    public BrokerAlarm Alarm => connection.Alarm;

    /// <summary>Sends one, unless the broker is known to take none.</summary>
    public async Task AskAsync(CancellationToken ct)
    {
        if (connection.IsOpen && Alarm.Problem is not null) return;
        using var patience = new CancellationTokenSource(Patience, clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        if (_channel is not { IsOpen: true }) _channel = await connection.ChannelAsync(limit.Token);
        await _channel.BasicPublishAsync("", NoQueue, mandatory: false, new BasicProperties(), ReadOnlyMemory<byte>.Empty, limit.Token);
    }
}
