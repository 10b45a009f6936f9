using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Retention;

/// <summary>Tasks that have ended and are no longer kept.</summary>
internal sealed class EndedTasks(IDbContextFactory<ScitqDb> contexts, LogStore logs)
{
    private const int Page = 500;
    private static readonly TaskState[] Terminal = [.. TaskRules.Terminal];

    public async Task<long> CountAsync(RetentionRule rule, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await Old(db, rule, await FirstSinceAsync(db, rule.Before, ct)).LongCountAsync(ct);
    }

    /// <summary>Removes them, so many in a transaction, and tells after each how many they were.</summary>
    public async IAsyncEnumerable<int> RemoveAsync(RetentionRule rule, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        long after = 0, end;
        await using (var db = await contexts.CreateDbContextAsync(ct)) end = await FirstSinceAsync(db, rule.Before, ct);
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            var page = await Old(db, rule, end).Where(t => t.Number > after).OrderBy(t => t.Number).Take(Page)
                .Select(t => new { t.Number, t.CorrelationId }).ToListAsync(ct);
            if (page.Count == 0) yield break;
            after = page[^1].Number;
            var ids = page.ConvertAll(t => t.CorrelationId);
            // First, so that a crash leaves tasks whose time comes again, and no output that nobody knows.
            foreach (var id in ids) logs.Remove(id);
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            // One that was relaunched meanwhile stays.
            var removed = await Old(db, rule, end).Where(t => ids.Contains(t.CorrelationId)).ExecuteDeleteAsync(ct);
            await db.Events.Where(e => ids.Contains(e.TaskId) && !db.Tasks.Any(t => t.CorrelationId == e.TaskId)).ExecuteDeleteAsync(ct);
            await transaction.CommitAsync(ct);
            yield return removed;
        }
    }

    /// <summary>One that a task still waits for is needed, however old it is.</summary>
    private static IQueryable<TaskSaga> Old(ScitqDb db, RetentionRule rule, long end) => rule.Of(db.Tasks).Where(t =>
        t.Number < end && t.Finished < rule.Before && Terminal.Contains(t.State)
        && !db.Requirements.Any(r => r.RequiredId == t.CorrelationId && db.Tasks.Any(w => w.CorrelationId == r.TaskId && !Terminal.Contains(w.State))));

    /// <summary>
    /// The number of the first task that was submitted since: none from there on can have ended before. Numbers are given in the order of submission,
    /// so that it is found without an index of its own.
    /// </summary>
    private static async Task<long> FirstSinceAsync(ScitqDb db, DateTime time, CancellationToken ct)
    {
        var (low, high) = (0L, (await db.Tasks.MaxAsync(t => (long?)t.Number, ct) ?? 0) + 1);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            var next = await db.Tasks.Where(t => t.Number >= middle).OrderBy(t => t.Number).Select(t => new { t.Number, t.Created }).FirstOrDefaultAsync(ct);
            if (next is null || next.Created >= time) high = middle;
            else low = next.Number + 1;
        }

        return low;
    }
}
