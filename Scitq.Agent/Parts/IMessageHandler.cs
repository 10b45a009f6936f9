namespace Scitq.Agent.Parts;

/// <summary>Takes one type of message from the worker's own queue. A part that implements it hears that type: nothing else needs to know.</summary>
internal interface IMessageHandler<in T>
    where T : class
{
    Task HandleAsync(T message);
}
