using System.Reflection;
using MassTransit;
using MassTransit.Context;

namespace Scitq.Coordinator.Tasks;

/// <summary>
/// The context in which the state machine handles an event. Events come in groups, from messages that carry many, from
/// the API and from timers, so there is no one transport context to hand it; and it needs none, since its verbs send nothing.
/// </summary>
internal static class LocalContext
{
    private static readonly ConsumeContext Nowhere = DispatchProxy.Create<ConsumeContext, Nothing>();
    private static readonly ReceiveContext NothingReceived = DispatchProxy.Create<ReceiveContext, Nothing>();
    private static readonly IPublishEndpointProvider NoPublishing = DispatchProxy.Create<IPublishEndpointProvider, Nothing>();

    public static Task RaiseAsync<T>(this TaskStateMachine machine, TaskSaga task, Event<T> @event, T message)
        where T : class
    {
        var consume = new MessageConsumeContext<T>(Nowhere, message);
        var saga = new DefaultSagaConsumeContext<TaskSaga, T>(consume, task);
        return ((StateMachine<TaskSaga>)machine).RaiseEvent(new MassTransitStateMachine<TaskSaga>.BehaviorContextProxy<T>(machine, saga, consume, @event));
    }

    /// <summary>Answers everything with nothing.</summary>
    public class Nothing : DispatchProxy
    {
        /// <inheritdoc/>
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.ReturnType switch
        {
            var t when t == typeof(ReceiveContext) => NothingReceived,
            var t when t == typeof(IPublishEndpointProvider) => NoPublishing,
            var t when t == typeof(Task) => Task.CompletedTask,
            var t when t.IsValueType && t != typeof(void) => Activator.CreateInstance(t),
            _ => null,
        };
    }
}
