using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Scitq.Access.Broker;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Bus;

/// <summary>The queue of a batch, which brings the one message that every task costs.</summary>
internal sealed class BatchReader(IInbox inbox) : IQueueReader
{
    /// <summary>
    /// The coordinator makes the queue with the first task of its batch. For merely looking whether it is there, the broker wants no right to make it.
    /// </summary>
    public async Task PrepareAsync(IConnection connection, string queue, CancellationToken ct)
    {
        try
        {
            await using var looking = await connection.CreateChannelAsync(cancellationToken: ct);
            await looking.QueueDeclarePassiveAsync(queue, ct);
        }
        catch (OperationInterruptedException e) when (BrokerFailure.IsMissing(e))
        {
            await using var making = await connection.CreateChannelAsync(cancellationToken: ct);
            await making.DeclareQueueAsync(queue, Queues.BatchArguments, ct);
        }
    }

    public object? Read(string? type, ReadOnlySpan<byte> body) => JsonSerializer.Deserialize<TaskQueued>(body, ScitqJson.Bus);

    public Task<bool> TakeAsync(object message, CancellationToken connection) => inbox.ReceiveAsync((TaskQueued)message, connection);
}
