using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Persistence;

/// <summary>Looks tasks up, the same way in both databases.</summary>
internal sealed class TaskLookup(IDbContextFactory<ScitqDb> contexts) : ITaskLookup, IDisposable
{
    private const int MaxParameters = 5000;

    // "requires" in ASCII.
    private const long RequirementLock = 0x7265717569726573;
    private readonly SemaphoreSlim _changing = new(1);

    public void Dispose() => _changing.Dispose();

    public async Task<IReadOnlyList<(long Number, Guid Id)>> ExistingAsync(
        IReadOnlyCollection<long> numbers, IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var found = await db.Tasks.AsNoTracking().Where(t => numbers.Contains(t.Number) || ids.Contains(t.CorrelationId))
            .Select(t => new { t.Number, t.CorrelationId }).ToListAsync(ct);
        return found.ConvertAll(t => (t.Number, t.CorrelationId));
    }

    public async Task<IReadOnlyList<RequirementRow>> RequirementsOfAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        var found = new List<RequirementRow>();
        await using var db = await contexts.CreateDbContextAsync(ct);
        foreach (var some in ids.Chunk(MaxParameters))
            found.AddRange(await db.Requirements.AsNoTracking().Where(r => some.Contains(r.TaskId)).ToListAsync(ct));
        return found;
    }

    public async Task<IAsyncDisposable> LockRequirementsAsync(CancellationToken ct)
    {
        await _changing.WaitAsync(ct);
        var held = new Held(_changing, await contexts.CreateDbContextAsync(CancellationToken.None));
        try
        {
            // Of several coordinators too; a database of one alone has no such lock.
            if (!held.Db.Database.IsNpgsql()) return held;
            await held.Db.Database.BeginTransactionAsync(ct);
            await held.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({RequirementLock})", ct);
            return held;
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
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

    private sealed class Held(SemaphoreSlim changing, ScitqDb db) : IAsyncDisposable
    {
        public ScitqDb Db => db;

        public async ValueTask DisposeAsync()
        {
            await db.DisposeAsync();
            changing.Release();
        }
    }
}
