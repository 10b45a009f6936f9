using MassTransit;
using Scitq.Access.Broker;

namespace Scitq.Coordinator.Bus;

/// <summary>How MassTransit reaches the broker, and how its messages are written and addressed.</summary>
internal static class BusConfiguration
{
    /// <summary>The address that sends to the exchange, and so to the queue, of this name.</summary>
    public static Uri Address(string queue) => new($"exchange:{queue}?type=fanout");

    /// <summary>Connects as every program does; of the address the framework sees no more than names its endpoints.</summary>
    public static void Host(this IRabbitMqBusFactoryConfigurator bus, BrokerSettings broker, string connection) =>
        bus.Host(broker.Address.Host, (ushort)broker.Address.Port, broker.Address.VirtualHost, connection, host =>
        {
            host.OnRefreshConnectionFactory = factory =>
            {
                broker.Apply(factory);
                return Task.CompletedTask;
            };
            // A broker under an alarm answers once it is over; one that is gone is noticed by the heartbeat.
            host.ContinuationTimeout(TimeSpan.FromHours(1));
        });

    /// <summary>Messages are plain JSON everywhere.</summary>
    public static void UsePlainJson(this IBusFactoryConfigurator bus)
    {
        var json = new PlainJson(null);
        bus.AddSerializer(json);
        bus.AddDeserializer(json, isDefault: true);
    }

    /// <summary>On this endpoint, a message without a type header is of this type.</summary>
    public static void TakeUntypedAs<T>(this IReceiveEndpointConfigurator endpoint)
        where T : class => endpoint.AddDeserializer(new PlainJson(_ => typeof(T)), isDefault: true);

    /// <summary>On this endpoint, a message without a type header is of the second type if it has the member, else of the first.</summary>
    public static void TakeUntypedAs<T, TIfMember>(this IReceiveEndpointConfigurator endpoint, string member)
        where T : class
        where TIfMember : class =>
        endpoint.AddDeserializer(new PlainJson(body => PlainJson.HasMember(body, member) ? typeof(TIfMember) : typeof(T)), isDefault: true);
}
