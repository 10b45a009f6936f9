using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Persistence;

/// <summary>Looks tasks up, the same way in both databases.</summary>
internal sealed class TaskLookup(IDbContextFactory<ScitqDb> contexts) : ITaskLookup
{
    public async Task<IReadOnlyList<(long Number, Guid Id)>> ExistingAsync(
        IReadOnlyCollection<long> numbers, IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var found = await db.Tasks.AsNoTracking().Where(t => numbers.Contains(t.Number) || ids.Contains(t.CorrelationId))
            .Select(t => new { t.Number, t.CorrelationId }).ToListAsync(ct);
        return found.ConvertAll(t => (t.Number, t.CorrelationId));
    }

    public async Task<bool> AnyWaitsAsync(CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Tasks.AnyAsync(t => t.State == TaskState.Waiting, ct);
    }

    public async Task<IReadOnlyList<Guid>> ReleasableAsync(IReadOnlyCollection<Guid>? ids, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var unmet = db.Unmet();
        return await Waiting(db, ids).Where(t => !unmet.Any(u => u.TaskId == t.CorrelationId)).Select(t => t.CorrelationId).ToListAsync(ct);
    }

    public async Task<IReadOnlyList<(Guid Id, string Why)>> DoomedAsync(IReadOnlyCollection<Guid>? ids, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var failed = db.Unmet().Where(u => u.Cancels && (u.State == null || u.State == TaskState.Failed || u.State == TaskState.Cancelled));
        var doomed = await Waiting(db, ids).Join(failed, t => t.CorrelationId, u => u.TaskId, (_, u) => u).OrderBy(u => u.Number).ToListAsync(ct);
        return [.. doomed.GroupBy(u => u.TaskId).Select(u => (u.Key, $"{u.First().What}, which it requires, {u.First().Became}"))];
    }

    public async Task<IReadOnlyList<Guid>> DueAsync(DateTime now, int most, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Tasks.AsNoTracking().Where(t => t.Due != null && t.Due <= now)
            .OrderBy(t => t.Due).Select(t => t.CorrelationId).Take(most).ToListAsync(ct);
    }

    public async Task<DateTime?> NextDueAsync(CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Tasks.Where(t => t.Due != null).MinAsync(t => t.Due, ct);
    }

    private static IQueryable<TaskSaga> Waiting(ScitqDb db, IReadOnlyCollection<Guid>? ids)
    {
        var waiting = db.Tasks.AsNoTracking().Where(t => t.State == TaskState.Waiting);
        return ids is null
            ? waiting
            : waiting.Where(t => ids.Contains(t.CorrelationId) || db.Requirements.Any(r => r.TaskId == t.CorrelationId && ids.Contains(r.RequiredId)));
    }
}
