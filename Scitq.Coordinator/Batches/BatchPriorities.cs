using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Batches;

/// <summary>The priority of a batch: that of its tasks which were given none of their own, those that are queued included.</summary>
internal sealed class BatchPriorities(IDbContextFactory<ScitqDb> contexts, TaskService tasks)
{
    private const int Page = 1000;

    public async Task GiveAsync(string batch, int priority, string? reason, string? by, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var former = await db.Batches.Where(b => b.Name == batch).Select(b => b.Priority).SingleAsync(ct);
        if (former == priority) return;
        var given = new PriorityGiven(priority, InsteadOf: former, reason);
        // Before the row, so that it goes on where it was when it is asked for again after a crash; and for what was submitted meanwhile.
        await MoveAsync(batch, given, by, ct);
        await db.Batches.Where(b => b.Name == batch)
            .ExecuteUpdateAsync(set => set.SetProperty(b => b.Priority, priority).SetProperty(b => b.Ordered, b => b.Ordered || priority != 0), ct);
        await MoveAsync(batch, given, by, ct);
    }

    private async Task MoveAsync(string batch, PriorityGiven given, string? by, CancellationToken ct)
    {
        TaskState[] open = [.. TaskRules.States.Where(s => !s.IsTerminal())];
        for (long after = 0; ;)
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            var page = await db.Tasks.AsNoTracking().Where(t => t.Batch == batch && open.Contains(t.State) && t.Priority == given.InsteadOf && t.Number > after)
                .OrderBy(t => t.Number).Take(Page).Select(t => new { t.CorrelationId, t.Number }).ToListAsync(ct);
            if (page.Count == 0) return;
            await tasks.GivePriorityAsync([.. page.Select(t => t.CorrelationId)], given, by, ct);
            after = page[^1].Number;
        }
    }
}
