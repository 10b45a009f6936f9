using Microsoft.EntityFrameworkCore;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Bus;

/// <summary>The batches' queues on RabbitMQ, which holds any number of messages and tells how many it has.</summary>
internal sealed partial class RabbitTaskQueues(RabbitTopology topology, TaskPublisher publisher, ILogger<RabbitTaskQueues> logger) : ITaskQueues
{
    public TimeSpan LongestRound => TimeSpan.MaxValue;

    public bool Admit(CommittedTask task) => true;

    public async Task SendAsync(IReadOnlyList<(string Batch, TaskQueued Task)> tasks, CancellationToken ct)
    {
        try
        {
            for (var tries = 0; ; tries++)
            {
                foreach (var batch in Batches(tasks)) await topology.EnsureBatchAsync(batch, ct);
                var returned = await publisher.PublishAsync(tasks, ct);
                if (returned.Count == 0) return;
                // Nobody has declared the queue, or it was deleted: declare it and try once more.
                foreach (var batch in returned) topology.Forget(batch);
                tasks = [.. tasks.Where(t => returned.Contains(t.Batch))];
                if (tries > 0) throw new IOException("the broker has no queue for it.");
            }
        }
        catch
        {
            // Whatever it was, an exchange that somebody has deleted among them: all is declared anew before the next try.
            foreach (var batch in Batches(tasks)) topology.Forget(batch);
            throw;
        }
    }

    public async Task<IReadOnlyList<Guid>> MissingAsync(PendingTasks pending, CancellationToken ct)
    {
        await topology.EnsureBatchAsync(pending.Batch, ct);
        var waiting = await topology.WaitingAsync(pending.Batch, ct);
        var missing = (int)Math.Clamp(pending.Count - waiting, 0, int.MaxValue);
        if (missing == 0) return [];
        // Messages leave in the order of submission, so what a crash has lost is the newest.
        var order = waiting == 0 ? pending.Candidates.OrderBy(t => t.Number) : pending.Candidates.OrderByDescending(t => t.Queued);
        var found = await order.Select(t => t.CorrelationId).Take(missing).ToListAsync(ct);
        if (found.Count > 0) Log.Missing(logger, found.Count, pending.Batch);
        return found;
    }

    private static IEnumerable<string> Batches(IEnumerable<(string Batch, TaskQueued Task)> tasks) => tasks.Select(t => t.Batch).Distinct();

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Count} pending tasks of batch {Batch} have no message in their queue; they are queued again")]
        public static partial void Missing(ILogger logger, int count, string batch);
    }
}
