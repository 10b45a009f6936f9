using MassTransit;

namespace Scitq.Coordinator.Tasks.Saga;

/// <summary>
/// In place of the ways to send that an event's context offers. A group that meets another coordinator's change is handled again, and one that cannot
/// be saved never happened: a message sent by the table would be sent twice, or of something that is not so.
/// </summary>
internal sealed class SendsNothing : IPublishEndpointProvider, ISendEndpointProvider
{
    public static readonly SendsNothing Instance = new();

    /// <summary>The answer to whoever asks an event's context for something it does not do.</summary>
    public static NotSupportedException Refusal(string what) => new(
        $"{what} is not to be had while an event of a task is handled: "
        + "the table changes the row and notes effects, and an ICommitObserver sends once they are saved.");

    public Task<ISendEndpoint> GetPublishSendEndpoint<T>()
        where T : class => throw Refusal($"Publishing {typeof(T).Name}");

    public Task<ISendEndpoint> GetSendEndpoint(Uri address) => throw Refusal($"Sending to {address}");

    public ConnectHandle ConnectPublishObserver(IPublishObserver observer) => throw Refusal("Observing what is published");

    public ConnectHandle ConnectSendObserver(ISendObserver observer) => throw Refusal("Observing what is sent");
}
