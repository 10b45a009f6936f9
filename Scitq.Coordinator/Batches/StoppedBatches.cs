using System.Collections.Frozen;
using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Batches;

/// <summary>Which batches are stopped, as of a second ago at most: claims ask for it, and must not each ask the database.</summary>
internal sealed class StoppedBatches(IDbContextFactory<ScitqDb> contexts, TimeProvider clock)
{
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(1);
    private volatile Look? _last;
    private int _changes;

    public async ValueTask<IReadOnlySet<string>> NamesAsync(CancellationToken ct)
    {
        var changes = Volatile.Read(ref _changes);
        if (_last is { } last && last.Changes == changes && clock.GetElapsedTime(last.At) < Believed) return last.Names;
        var at = clock.GetTimestamp();
        await using var db = await contexts.CreateDbContextAsync(ct);
        var names = await db.Batches.Where(b => b.Stopped != null).Select(b => b.Name).ToListAsync(ct);
        return (_last = new Look(names.ToFrozenSet(StringComparer.Ordinal), changes, at)).Names;
    }

    /// <summary>This process has stopped one, or let it go on: what was read before says nothing.</summary>
    public void Changed() => Interlocked.Increment(ref _changes);

    private sealed record Look(FrozenSet<string> Names, int Changes, long At);
}
