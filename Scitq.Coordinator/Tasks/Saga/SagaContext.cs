using MassTransit;
using MassTransit.Context;

namespace Scitq.Coordinator.Tasks.Saga;

/// <summary>The context of an event that comes by MassTransit's saga endpoint: the message's own, but nothing can be sent before the row is saved.</summary>
internal sealed class SagaContext<TMessage> : ConsumeContextScope<TMessage>, SagaConsumeContext<TaskSaga, TMessage>
    where TMessage : class
{
    public SagaContext(ConsumeContext<TMessage> context, TaskSaga saga, TaskEffects effects)
        : base(context, effects)
    {
        Saga = saga;
        ReceiveContext = new Silent(context.ReceiveContext);
    }

    public TaskSaga Saga { get; }

    public override Guid? CorrelationId => Saga.CorrelationId;

    public bool IsCompleted => false;

    public Task SetCompleted() => throw SendsNothing.Refusal("Removing a task");

    private sealed class Silent(ReceiveContext context) : ReceiveContextProxy(context)
    {
        public override ISendEndpointProvider SendEndpointProvider => SendsNothing.Instance;

        public override IPublishEndpointProvider PublishEndpointProvider => SendsNothing.Instance;
    }
}
