using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Bus;

/// <summary>The bus inside this process: queues come into being when a message is sent to them.</summary>
internal sealed class MemoryTopology(TimeProvider clock) : ITopology
{
    public DateTime? UpSince { get; } = clock.GetUtcNow().UtcDateTime;

    public Uri Batch(string batch) => new("queue:" + Queues.Batch(batch));

    public Uri Worker(string worker) => new("queue:" + Queues.Worker(worker));

    public Task EnsureBatchAsync(string batch, CancellationToken ct) => Task.CompletedTask;

    public Task EnsureWorkerAsync(string worker, CancellationToken ct) => Task.CompletedTask;

    public void Forget(string batch)
    {
        // Nothing is remembered.
    }

    public Task<long?> WaitingAsync(string batch, CancellationToken ct) => Task.FromResult<long?>(null);

    public Task ReplyAsync(string replyTo, string? correlationId, TasksSubmitted answer, CancellationToken ct) => Task.CompletedTask;

    public async IAsyncEnumerable<RefusedMessage> TakeRefusedAsync(IReadOnlyList<string> queues, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await Task.CompletedTask;
        yield break;
    }
}
