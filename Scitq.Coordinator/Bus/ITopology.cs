using Scitq.Contracts.Messages;
using Scitq.Coordinator.Leases;

namespace Scitq.Coordinator.Bus;

/// <summary>The exchanges and queues, which are the coordinator's to declare, and what can be asked of them.</summary>
internal interface ITopology : ILink
{
    /// <summary>Why it can't be reached or takes nothing, for people; null when all is well.</summary>
    string? Problem { get; }

    /// <summary>Where messages for the worker go.</summary>
    Uri Worker(string worker);

    /// <summary>Declares the batch's queue unless that was done before.</summary>
    Task EnsureBatchAsync(string batch, CancellationToken ct);

    /// <summary>Declares the worker's queue and binds it.</summary>
    Task EnsureWorkerAsync(string worker, CancellationToken ct);

    /// <summary>Removes the worker's queue, and what leads to it.</summary>
    Task DeleteWorkerAsync(string worker, CancellationToken ct);

    /// <summary>Answers a submitter that gave an AMQP reply address.</summary>
    Task ReplyAsync(string replyTo, string? correlationId, TasksSubmitted answer, CancellationToken ct);

    /// <summary>Takes the messages that consumers could not read off the broker's error queues.</summary>
    IAsyncEnumerable<RefusedMessage> TakeRefusedAsync(IReadOnlyList<string> queues, CancellationToken ct);
}
