using MassTransit;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Bus;

/// <summary>The batches' queues inside this process: a bounded part of each, and the rest of it is the table.</summary>
internal sealed class MemoryTaskQueues(IBus bus, ITopology topology, ReconcileRequests requests) : ITaskQueues
{
    private readonly Window _window = new(requests);

    /// <summary>The bus in memory loses what it was handing to a receiver that stops; nothing else would tell.</summary>
    public TimeSpan LongestRound { get; } = TimeSpan.FromSeconds(10);

    public bool Admit(CommittedTask task) => _window.Admit(task);

    public Task SendAsync(IReadOnlyList<(string Batch, TaskQueued Task)> tasks, CancellationToken ct) =>
        Task.WhenAll(tasks.Select(t => SendAsync(t.Batch, t.Task, ct)));

    public async Task<IReadOnlyList<Guid>> MissingAsync(PendingTasks pending, CancellationToken ct)
    {
        if (pending.LookForLost && await HasRoomAsync(pending, ct) && await pending.Candidates.AnyAsync(ct)) _window.Clear(pending.Batch);
        var room = _window.Room(pending.Batch);
        var missing = new List<Guid>();
        await foreach (var id in pending.Candidates.OrderBy(t => t.Number).Select(t => t.CorrelationId).AsAsyncEnumerable().WithCancellation(ct))
        {
            if (_window.Contains(id)) continue;
            if (missing.Count == room)
            {
                _window.Starve(pending.Batch);
                break;
            }

            missing.Add(id);
        }

        return missing;
    }

    /// <summary>Whether a worker would have taken what is in the queue.</summary>
    private static Task<bool> HasRoomAsync(PendingTasks pending, CancellationToken ct) => pending.Db.Workers.AnyAsync(
        w => w.Batch == pending.Batch && w.Epoch != null && w.Hold == null && !w.Paused && w.Leases < w.Concurrency + w.Prefetch
            && !pending.Db.Batches.Any(b => b.Name == w.Batch && b.Stopped != null),
        ct);

    private async Task SendAsync(string batch, TaskQueued task, CancellationToken ct)
    {
        try
        {
            await topology.EnsureBatchAsync(batch, ct);
            var endpoint = await bus.GetSendEndpoint(new Uri("queue:" + Queues.Batch(batch)));
            await endpoint.Send(task, ct);
        }
        catch
        {
            _window.Remove(task.TaskId);
            throw;
        }
    }
}
