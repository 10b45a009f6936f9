using MassTransit;

namespace Scitq.Coordinator.Bus;

internal static class Senders
{
    /// <summary>Where a message came from, for the history and the log. The broker takes a message with a user's name from that user alone.</summary>
    public static string Sender(this ConsumeContext context) =>
        context.ReceiveContext.TryGetPayload<RabbitMqBasicConsumeContext>(out var delivery) && delivery.Properties.UserId is { Length: > 0 } user
            ? $"bus ({user})" : "bus";
}
