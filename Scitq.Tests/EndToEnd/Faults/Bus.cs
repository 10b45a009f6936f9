using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Scitq.Contracts;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>The bus as any program speaks it, without a framework.</summary>
internal static class Bus
{
    public static Task<IConnection> ConnectAsync(Cluster cluster) =>
        new ConnectionFactory { Uri = new Uri(cluster.AmqpUri), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();

    /// <summary>Sends to the exchange of this name, with the header that tells the type.</summary>
    public static Task SendAsync<T>(this IChannel channel, string exchange, T message) =>
        channel.SendAsync(exchange, JsonSerializer.SerializeToUtf8Bytes(message, ScitqJson.Bus), $"urn:message:{typeof(T).Namespace}:{typeof(T).Name}");

    /// <summary>Sends bytes to the exchange of this name.</summary>
    public static async Task SendAsync(this IChannel channel, string exchange, byte[] body, string? type)
    {
        var properties = new BasicProperties { ContentType = "application/json", Persistent = true };
        if (type is not null) properties.Headers = new Dictionary<string, object?> { ["MT-MessageType"] = type };
        await channel.BasicPublishAsync(exchange, "", mandatory: true, properties, body);
    }

    /// <summary>Listens to a queue; each delivery is acknowledged once it was received.</summary>
    public static async Task ListenAsync(this IChannel channel, string queue, Func<BasicDeliverEventArgs, Task> receive)
    {
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            await receive(delivery);
            await channel.BasicAckAsync(delivery.DeliveryTag, false);
        };
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer);
    }

    /// <summary>Channels that confirm what is published on them.</summary>
    public static Task<IChannel> ConfirmingAsync(this IConnection connection) =>
        connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
}
