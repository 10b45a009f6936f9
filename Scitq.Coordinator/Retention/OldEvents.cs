using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Retention;

/// <summary>Events that are no longer kept.</summary>
internal sealed class OldEvents(IDbContextFactory<ScitqDb> contexts)
{
    private const int Page = 5000;

    public async Task<long> CountAsync(DateTime before, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Events.LongCountAsync(e => e.At < before, ct);
    }

    /// <summary>Removes some of the oldest; 0 when there is none left.</summary>
    public async Task<int> RemoveSomeAsync(DateTime before, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        // They are numbered as they happen, or nearly so: what is old is among the first.
        var first = await db.Events.OrderBy(e => e.Id).Take(Page).Select(e => new { e.Id, e.At }).ToListAsync(ct);
        var ids = first.Where(e => e.At < before).Select(e => e.Id).ToList();
        return ids.Count == 0 ? 0 : await db.Events.Where(e => ids.Contains(e.Id)).ExecuteDeleteAsync(ct);
    }
}
