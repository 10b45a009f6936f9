using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Api;

/// <summary>Reads batches as clients see them.</summary>
internal sealed class BatchQueries(BatchCounts counts, IDbContextFactory<ScitqDb> contexts, TimeProvider clock)
{
    /// <summary>All, by name.</summary>
    public async Task<List<BatchView>> AllAsync(CancellationToken ct)
    {
        var snapshot = await counts.GetAsync(ct);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var now = clock.GetUtcNow().UtcDateTime;
        var workers = (await db.Workers.AsNoTracking().ToListAsync(ct))
            .Where(w => !WorkerView.IsOffline(w, now)).ToLookup(w => w.Batch, w => w.Name);
        var rows = await db.Batches.AsNoTracking().ToDictionaryAsync(b => b.Name, ct);
        return [.. snapshot.Names.Select(
            name => new BatchView(name, rows.GetValueOrDefault(name), snapshot, [.. workers[name].Order(StringComparer.Ordinal)]))];
    }

    /// <summary>One; null when there is none of that name.</summary>
    public async Task<BatchView?> FindAsync(string name, CancellationToken ct) => (await AllAsync(ct)).Find(b => b.Batch == name);
}
