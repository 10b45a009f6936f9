using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Bus;

/// <summary>The bus inside this process.</summary>
internal sealed class MemoryTopology(IBus bus, TimeProvider clock) : ITopology
{
    private readonly ConcurrentDictionary<string, Lazy<Task>> _declared = new();

    public DateTime? UpSince { get; } = clock.GetUtcNow().UtcDateTime;

    public string? Problem => null;

    public Uri Worker(string worker) => new("queue:" + Queues.Worker(worker));

    public Task EnsureBatchAsync(string batch, CancellationToken ct) =>
        _declared.GetOrAdd(Queues.Batch(batch), name => new Lazy<Task>(() => DeclareAsync(name))).Value.WaitAsync(ct);

    public Task EnsureWorkerAsync(string worker, CancellationToken ct) => Task.CompletedTask;

    public Task DeleteWorkerAsync(string worker, CancellationToken ct) => Task.CompletedTask;

    public Task ReplyAsync(string replyTo, string? correlationId, TasksSubmitted answer, CancellationToken ct) => Task.CompletedTask;

    public async IAsyncEnumerable<RefusedMessage> TakeRefusedAsync(IReadOnlyList<string> queues, [EnumeratorCancellation] CancellationToken ct)
    {
        await Task.CompletedTask;
        yield break;
    }

    /// <summary>
    /// The transport in memory drops what is sent before a receiver has made the queue, and keeps it afterwards. So one is
    /// made and goes again, before the first message is sent.
    /// </summary>
    private async Task DeclareAsync(string name)
    {
        var receiver = bus.ConnectReceiveEndpoint(name, endpoint => endpoint.ConfigureConsumeTopology = false);
        await receiver.Ready;
        await receiver.StopAsync();
    }
}
