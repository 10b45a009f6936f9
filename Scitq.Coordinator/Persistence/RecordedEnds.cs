using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Persistence;

/// <summary>Reads what is known of ended attempts; rare, so it goes the same way for both databases.</summary>
internal static class RecordedEnds
{
    public static async Task<IReadOnlyList<(Guid TaskId, RecordedEnd End)>> LoadAsync(
        IDbContextFactory<ScitqDb> contexts, IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var found = new List<(Guid, RecordedEnd)>();
        var ends = db.Attempts.AsNoTracking().Where(a => ids.Contains(a.TaskId)).Select(a => new { a.TaskId, a.Attempt, a.Lease, a.Finished });
        foreach (var end in await ends.ToListAsync(ct))
            if (end.Lease is { } lease) found.Add((end.TaskId, new RecordedEnd(end.Attempt, lease, end.Finished)));
        var lateEnds = db.Events.AsNoTracking().Where(e => ids.Contains(e.TaskId) && e.Kind == HistoryKind.Late).Select(e => new { e.TaskId, e.Attempt });
        foreach (var late in await lateEnds.ToListAsync(ct))
            found.Add((late.TaskId, new RecordedEnd(late.Attempt, null, null)));
        return found;
    }
}
