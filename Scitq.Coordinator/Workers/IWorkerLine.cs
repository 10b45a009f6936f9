using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Workers;

/// <summary>What the room of workers needs of whatever carries messages.</summary>
internal interface IWorkerLine
{
    /// <summary>Makes the queues that the worker reads, and has those of its batch compared with the table.</summary>
    Task OpenAsync(string worker, string batch, CancellationToken ct);

    /// <summary>Removes the queue of a worker that is forgotten; one that can't be removed now goes by itself a while after its agent.</summary>
    Task CloseAsync(string worker, CancellationToken ct);

    /// <summary>Has the queue of the batch compared with the table, soon.</summary>
    void Compare(string batch);

    /// <summary>Sends changed settings, without a promise: the answers to heartbeats repeat them.</summary>
    void Tell(string worker, ConfigureWorker settings);

    /// <summary>Sends a new order, without a promise: the answers to heartbeats repeat it.</summary>
    void Tell(string worker, CarryOut order);
}
