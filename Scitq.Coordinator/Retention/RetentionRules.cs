using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Retention;

/// <summary>What is to be kept until when, by the options and by the batches themselves.</summary>
internal sealed class RetentionRules(IDbContextFactory<ScitqDb> contexts, RetentionOptions options, TimeProvider clock)
{
    public async Task<InForce> ReadAsync(CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var batches = await db.Batches.Where(b => b.KeepTasks != null || b.KeepLogs != null)
            .Select(b => new { b.Name, b.KeepTasks, b.KeepLogs }).ToListAsync(ct);
        var now = clock.GetUtcNow().UtcDateTime;
        return new InForce(
            RetentionRule.All(now, options.KeepTasks, batches.Select(b => (b.Name, b.KeepTasks))),
            RetentionRule.All(now, options.KeepLogs, batches.Select(b => (b.Name, b.KeepLogs))),
            now - options.KeepEvents);
    }

    /// <param name="Tasks">For tasks with all that belongs to them.</param>
    /// <param name="Logs">For what tasks printed.</param>
    /// <param name="EventsBefore">Older events are no longer kept; null keeps all.</param>
    internal sealed record InForce(IReadOnlyList<RetentionRule> Tasks, IReadOnlyList<RetentionRule> Logs, DateTime? EventsBefore)
    {
        public bool IsEmpty => Tasks.Count + Logs.Count == 0 && EventsBefore is null;
    }
}
