using RabbitMQ.Client;

namespace Scitq.Access.Broker;

/// <summary>How channels are opened and queues declared, by whichever program.</summary>
public static class ChannelExtensions
{
    /// <summary>A new channel, on which a publication returns once the broker has the message, and fails when the broker returns it.</summary>
    public static Task<IChannel> CreateConfirmingChannelAsync(this IConnection connection, CancellationToken ct) =>
        connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), ct);

    /// <summary>
    /// Declares a durable queue, an exchange of the same name, and that all that is sent to the exchange goes to the queue. Publishers need the
    /// exchange: the right to write to the nameless one would be a right to every queue.
    /// </summary>
    public static async Task DeclareAsync(this IChannel channel, string name, IReadOnlyDictionary<string, object?>? arguments, CancellationToken ct)
    {
        await channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true, cancellationToken: ct);
        await channel.DeclareQueueAsync(name, arguments, ct);
        await channel.QueueBindAsync(name, name, "", cancellationToken: ct);
    }

    /// <summary>Declares a durable queue alone.</summary>
    public static Task DeclareQueueAsync(this IChannel channel, string name, IReadOnlyDictionary<string, object?>? arguments, CancellationToken ct) =>
        channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, arguments?.ToDictionary(), cancellationToken: ct);
}
