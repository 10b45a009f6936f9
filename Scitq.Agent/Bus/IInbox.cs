using Scitq.Agent.Parts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Bus;

/// <summary>Takes what arrives.</summary>
internal interface IInbox
{
    /// <summary>The types of messages that the worker's own queue brings, each with its handler.</summary>
    IReadOnlyCollection<MessageRoute> Routes { get; }

    /// <summary>A message on the worker's own queue.</summary>
    Task ReceiveAsync(object message);

    /// <summary>A delivery of the batch's queue; false gives it back.</summary>
    Task<bool> ReceiveAsync(TaskQueued message, CancellationToken connection);
}
