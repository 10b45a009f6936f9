using System.Diagnostics.CodeAnalysis;
using MassTransit;

namespace Scitq.Coordinator.Tasks.Saga;

/// <summary>
/// The context of an event that comes by the bulk door: from a message that carries many, from the API or from a timer. It has the message, the row, its
/// effects and where a user's message came from; everything else that MassTransit offers throws.
/// </summary>
internal sealed class BulkContext<TMessage>(TMessage message, TaskSaga saga, TaskEffects effects, Origin? origin) : SagaConsumeContext<TaskSaga, TMessage>
    where TMessage : class
{
    public TMessage Message => message;

    public TaskSaga Saga => saga;

    public Guid? CorrelationId => saga.CorrelationId;

    public CancellationToken CancellationToken => CancellationToken.None;

    public ReceiveContext ReceiveContext => NothingReceived.Instance;

    // Asked for whenever a context is made of this one, and used by none that sends nothing.
    public SerializerContext SerializerContext => null!;

    public bool IsCompleted => false;

    public Guid? MessageId => throw NoMessage();

    public Guid? RequestId => throw NoMessage();

    public Guid? ConversationId => throw NoMessage();

    public Guid? InitiatorId => throw NoMessage();

    public DateTime? ExpirationTime => throw NoMessage();

    public Uri? SourceAddress => throw NoMessage();

    public Uri? DestinationAddress => throw NoMessage();

    public Uri? ResponseAddress => throw NoMessage();

    public Uri? FaultAddress => throw NoMessage();

    public DateTime? SentTime => throw NoMessage();

    public Headers Headers => throw NoMessage();

    public HostInfo Host => throw NoMessage();

    public Task ConsumeCompleted => throw NoMessage();

    public IEnumerable<string> SupportedMessageTypes => throw NoMessage();

    /// <summary>Raises the event on the machine.</summary>
    public static Task RaiseAsync(TaskStateMachine machine, Event<TMessage> @event, TMessage message, TaskSaga saga, TaskEffects effects, Origin? origin)
    {
        var context = new BulkContext<TMessage>(message, saga, effects, origin);
        var behavior = new MassTransitStateMachine<TaskSaga>.BehaviorContextProxy<TMessage>(machine, context, context, @event);
        return ((StateMachine<TaskSaga>)machine).RaiseEvent(behavior);
    }

    public bool HasPayloadType(Type payloadType) => payloadType == typeof(TaskEffects) || (origin is not null && payloadType == typeof(Origin));

    public bool TryGetPayload<T>([NotNullWhen(true)] out T? payload)
        where T : class
    {
        payload = effects as T ?? origin as T;
        return payload is not null;
    }

    public Task SetCompleted() => throw SendsNothing.Refusal("Removing a task");

    public T GetOrAddPayload<T>(PayloadFactory<T> payloadFactory)
        where T : class => TryGetPayload<T>(out var payload) ? payload : throw NoMessage();

    public T AddOrUpdatePayload<T>(PayloadFactory<T> addFactory, UpdatePayloadFactory<T> updateFactory)
        where T : class => throw NoMessage();

    public bool HasMessageType(Type messageType) => throw NoMessage();

    public bool TryGetMessage<T>([NotNullWhen(true)] out ConsumeContext<T>? consumeContext)
        where T : class => throw NoMessage();

    public void AddConsumeTask(Task task) => throw NoMessage();

    public Task NotifyConsumed(TimeSpan duration, string consumerType) => throw NoMessage();

    public Task NotifyConsumed<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
        where T : class => throw NoMessage();

    public Task NotifyFaulted(TimeSpan duration, string consumerType, Exception exception) => throw NoMessage();

    public Task NotifyFaulted<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
        where T : class => throw NoMessage();

    public Task RespondAsync<T>(T message)
        where T : class => throw NoMessage();

    public Task RespondAsync<T>(T message, IPipe<SendContext<T>> sendPipe)
        where T : class => throw NoMessage();

    public Task RespondAsync<T>(T message, IPipe<SendContext> sendPipe)
        where T : class => throw NoMessage();

    public Task RespondAsync(object message) => throw NoMessage();

    public Task RespondAsync(object message, Type messageType) => throw NoMessage();

    public Task RespondAsync(object message, IPipe<SendContext> sendPipe) => throw NoMessage();

    public Task RespondAsync(object message, Type messageType, IPipe<SendContext> sendPipe) => throw NoMessage();

    public Task RespondAsync<T>(object values)
        where T : class => throw NoMessage();

    public Task RespondAsync<T>(object values, IPipe<SendContext<T>> sendPipe)
        where T : class => throw NoMessage();

    public Task RespondAsync<T>(object values, IPipe<SendContext> sendPipe)
        where T : class => throw NoMessage();

    public void Respond<T>(T message)
        where T : class => throw NoMessage();

    public Task Publish<T>(T message, CancellationToken cancellationToken)
        where T : class => throw NoMessage();

    public Task Publish<T>(T message, IPipe<PublishContext<T>> publishPipe, CancellationToken cancellationToken)
        where T : class => throw NoMessage();

    public Task Publish<T>(T message, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken)
        where T : class => throw NoMessage();

    public Task Publish(object message, CancellationToken cancellationToken) => throw NoMessage();

    public Task Publish(object message, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken) => throw NoMessage();

    public Task Publish(object message, Type messageType, CancellationToken cancellationToken) => throw NoMessage();

    public Task Publish(object message, Type messageType, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken) => throw NoMessage();

    public Task Publish<T>(object values, CancellationToken cancellationToken)
        where T : class => throw NoMessage();

    public Task Publish<T>(object values, IPipe<PublishContext<T>> publishPipe, CancellationToken cancellationToken)
        where T : class => throw NoMessage();

    public Task Publish<T>(object values, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken)
        where T : class => throw NoMessage();

    public Task<ISendEndpoint> GetSendEndpoint(Uri address) => throw NoMessage();

    public ConnectHandle ConnectPublishObserver(IPublishObserver observer) => throw NoMessage();

    public ConnectHandle ConnectSendObserver(ISendObserver observer) => throw NoMessage();

    private static NotSupportedException NoMessage() => SendsNothing.Refusal("The message's transport");
}
