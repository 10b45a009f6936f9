using System.Text.Json;
using RabbitMQ.Client;

namespace Scitq.Agent.Bus;

/// <summary>All that a listener needs to know of the queue it reads.</summary>
internal interface IQueueReader
{
    /// <summary>Sees to it that the queue is there.</summary>
    Task PrepareAsync(IConnection connection, string queue, CancellationToken ct);

    /// <summary>
    /// The message; null or a <see cref="JsonException"/> for what can't be read, a <see cref="NotSupportedException"/> for a type that is not known.
    /// </summary>
    object? Read(string? type, ReadOnlySpan<byte> body);

    /// <summary>Takes a message; false gives it back to the queue.</summary>
    Task<bool> TakeAsync(object message, CancellationToken connection);
}
