using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Webhooks;

/// <summary>The rows of the outbox, as one who sends them sees them: taken for a while, and given back or done away with.</summary>
internal sealed class NoticeQueue(IDbContextFactory<ScitqDb> contexts, TimeProvider clock)
{
    private const int MostAtOnce = 20;

    /// <summary>So long do those wait that were taken by one who was killed. Twice what sending one can take.</summary>
    private static readonly TimeSpan Hold = 2 * WebhookClient.Patience;

    private readonly Guid _me = Guid.NewGuid();

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>Those that are due and that nobody else is sending, oldest first. One row goes to one of several coordinators.</summary>
    public async Task<IReadOnlyList<NoticeRow>> TakeAsync(string hook, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var (now, until) = (Now, Now + Hold);
        var free = db.Notices.Where(n => n.Hook == hook && n.Due <= now && (n.HeldUntil == null || n.HeldUntil < now));
        var ids = await free.OrderBy(n => n.Due).ThenBy(n => n.Id).Select(n => n.Id).Take(MostAtOnce).ToListAsync(ct);
        if (ids.Count == 0) return [];
        await free.Where(n => ids.Contains(n.Id)).ExecuteUpdateAsync(set => set.SetProperty(n => n.Holder, _me).SetProperty(n => n.HeldUntil, until), ct);
        return await db.Notices.AsNoTracking().Where(n => ids.Contains(n.Id) && n.Holder == _me && n.HeldUntil == until).OrderBy(n => n.Id).ToListAsync(ct);
    }

    /// <summary>Whether there is time left to send it before others may.</summary>
    public bool CanSend(NoticeRow row) => row.HeldUntil - Now >= WebhookClient.Patience;

    /// <summary>When the next one is due; null when there is none.</summary>
    public async Task<DateTime?> NextAsync(string hook, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Notices.Where(n => n.Hook == hook).MinAsync(n => (DateTime?)(n.HeldUntil ?? n.Due), ct);
    }

    /// <summary>It has arrived.</summary>
    public async Task DoneAsync(NoticeRow row, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.Notices.Where(n => n.Id == row.Id && n.Holder == _me).ExecuteDeleteAsync(ct);
    }

    /// <summary>They wait until then, and whoever is first takes them.</summary>
    public async Task ReleaseAsync(IReadOnlyList<NoticeRow> rows, DateTime due, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var ids = rows.Select(r => r.Id).ToList();
        await db.Notices.Where(n => ids.Contains(n.Id) && n.Holder == _me)
            .ExecuteUpdateAsync(
                set => set.SetProperty(n => n.Due, due).SetProperty(n => n.Tries, n => n.Tries + 1)
                    .SetProperty(n => n.Holder, (Guid?)null).SetProperty(n => n.HeldUntil, (DateTime?)null), ct);
    }

    /// <summary>Gives up what is older than that, whoever it is for, and remembers how much it was.</summary>
    public async Task<int> GiveUpAsync(TimeSpan age, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var before = Now - age;
        var old = await db.Notices.Where(n => n.Created < before).GroupBy(n => new { n.Hook, n.Kind })
            .Select(g => new { g.Key.Hook, g.Key.Kind, Last = g.Max(n => n.Id) }).ToListAsync(ct);
        var all = 0;
        foreach (var some in old)
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var gone = await db.Notices.Where(n => n.Hook == some.Hook && n.Kind == some.Kind && n.Id <= some.Last && n.Created < before)
                .ExecuteDeleteAsync(ct);
            if (gone == 0) continue;        // another coordinator was first
            all += gone;
            db.Events.Add(new TaskEventRow
            {
                At = Now, Kind = HistoryKind.WebhookGivenUp, Detail = $"webhook {some.Hook} did not take {gone} of {some.Kind} within {age.TotalHours:0} h",
            });
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
        }

        return all;
    }
}
