using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Webhooks;

/// <summary>Has receivers told, once, that the coordinator's own disk is full. Nothing can be stored at that moment, perhaps: then it is tried again.</summary>
internal sealed class DiskNotices(IDbContextFactory<ScitqDb> contexts, Outbox outbox, IDatabaseHealth database, TimeProvider clock)
{
    private bool _isTold;

    public async Task TellAsync(string? problem, CancellationToken ct)
    {
        if (problem is null) _isTold = false;
        if (problem is null || _isTold || !outbox.Wants(WebhookEvents.DiskLow)) return;
        try
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            outbox.Add(db, WebhookEvents.DiskLow, new { Worker = (string?)null, Why = problem, DiskFree = (long?)null }, clock.GetUtcNow().UtcDateTime);
            await db.SaveChangesAsync(ct);
            _isTold = true;
        }
        catch (Exception e) when (database.IsAway(e) || e is DbUpdateException)
        {
            // With the next look.
        }
    }
}
