using MassTransit;

namespace Scitq.Agent.Parts;

/// <summary>A type of message that the worker's own queue brings, and the part that takes it.</summary>
internal abstract class MessageRoute(Type message)
{
    public Type Message => message;

    public abstract Task HandleAsync(object message);

    /// <summary>Has an endpoint of MassTransit bring this type to the handler.</summary>
    public abstract void Receive(IReceiveEndpointConfigurator endpoint, Func<object, Task> take);
}

/// <inheritdoc/>
internal sealed class MessageRoute<T>(IMessageHandler<T> handler) : MessageRoute(typeof(T))
    where T : class
{
    public override Task HandleAsync(object message) => handler.HandleAsync((T)message);

    public override void Receive(IReceiveEndpointConfigurator endpoint, Func<object, Task> take) => endpoint.Handler<T>(context => take(context.Message));
}
