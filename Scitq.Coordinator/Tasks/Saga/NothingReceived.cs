using System.Net.Mime;
using MassTransit;

namespace Scitq.Coordinator.Tasks.Saga;

/// <summary>In place of a transport, for events that no message of their own has brought: everything throws.</summary>
internal sealed class NothingReceived : ReceiveContext
{
    public static readonly NothingReceived Instance = new();

    public CancellationToken CancellationToken => CancellationToken.None;

    public ISendEndpointProvider SendEndpointProvider => SendsNothing.Instance;

    public IPublishEndpointProvider PublishEndpointProvider => SendsNothing.Instance;

    public TimeSpan ElapsedTime => throw NoTransport();

    public Uri InputAddress => throw NoTransport();

    public ContentType ContentType => throw NoTransport();

    public bool Redelivered => throw NoTransport();

    public Headers TransportHeaders => throw NoTransport();

    public Task ReceiveCompleted => throw NoTransport();

    public bool IsDelivered => throw NoTransport();

    public bool IsFaulted => throw NoTransport();

    public bool PublishFaults => throw NoTransport();

    public MessageBody Body => throw NoTransport();

    public bool HasPayloadType(Type payloadType) => false;

    public bool TryGetPayload<T>([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out T? payload)
        where T : class
    {
        payload = null;
        return false;
    }

    public T GetOrAddPayload<T>(PayloadFactory<T> payloadFactory)
        where T : class => throw NoTransport();

    public T AddOrUpdatePayload<T>(PayloadFactory<T> addFactory, UpdatePayloadFactory<T> updateFactory)
        where T : class => throw NoTransport();

    public Task NotifyConsumed<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
        where T : class => throw NoTransport();

    public Task NotifyFaulted<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
        where T : class => throw NoTransport();

    public Task NotifyFaulted(Exception exception) => throw NoTransport();

    public void AddReceiveTask(Task task) => throw NoTransport();

    private static NotSupportedException NoTransport() => SendsNothing.Refusal("The transport");
}
