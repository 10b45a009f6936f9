using System.Text.Json;
using MassTransit;
using RabbitMQ.Client;
using Scitq.Access.Broker;
using Scitq.Contracts;

namespace Scitq.Agent.Bus;

/// <summary>The agent's own queue: answers and orders. The agent declares it, for it may be there before any coordinator is.</summary>
internal sealed class OrderReader(IInbox inbox) : IQueueReader
{
    private readonly Dictionary<string, Type> _types = inbox.Routes.Select(r => r.Message).ToDictionary(t => MessageUrn.ForTypeString(t));

    public async Task PrepareAsync(IConnection connection, string queue, CancellationToken ct)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        await channel.DeclareAsync(queue, Queues.WorkerArguments, ct);
    }

    public object? Read(string? type, ReadOnlySpan<byte> body)
    {
        if (type is null) throw new JsonException("A message without the header MT-MessageType came to a queue that has no default type.");
        var known = type.Split(';').Select(t => _types.GetValueOrDefault(t)).FirstOrDefault(t => t is not null);
        return JsonSerializer.Deserialize(body, known ?? throw new NotSupportedException($"unknown type {type}"), ScitqJson.Bus);
    }

    public async Task<bool> TakeAsync(object message, CancellationToken connection)
    {
        await inbox.ReceiveAsync(message);
        return true;
    }
}
