using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Webhooks;

namespace Scitq.Coordinator.Workers;

/// <summary>Declares workers lost that have been silent for too long, and takes leases from those that are gone.</summary>
internal sealed partial class LostWorkers(
    IDbContextFactory<ScitqDb> contexts, HearingClock hearing, LeaseRules rules, WorkerMemory memory, HeldLeases leases, ForgottenWorkers forgotten,
    Outbox outbox, TimeProvider clock, ILogger<LostWorkers> logger)
{
    /// <summary>
    /// A pulse has come back: what workers said before it has been heard. Several coordinators may do so at once: each step is fenced by the epoch or the
    /// lease.
    /// </summary>
    public async Task PulseAsync(CancellationToken ct)
    {
        if (await hearing.PulseAsync(ct) is not { } now) return;
        await using var db = await contexts.CreateDbContextAsync(ct);
        var silent = now.Seconds - rules.LostAfter;
        var deleted = new List<WorkerRow>();
        foreach (var worker in await db.Workers.AsNoTracking()
            .Where(w => (w.Epoch != null && w.Heard <= silent) || (w.Epoch == null && w.Deleting)).ToListAsync(ct))
        {
            if (worker.Deleting) deleted.Add(worker);
            if (worker.Epoch is null) continue;
            if (!rules.IsLost(now, worker.Heard)) continue;
            var same = db.Workers.Where(w => w.Id == worker.Id && w.Epoch == worker.Epoch && w.Sequence == worker.Sequence && w.Heard <= silent);
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            if (!await same.VacateAsync(ct)) continue;         // heard from it meanwhile
            var data = new { Worker = worker.Name, worker.Batch, worker.Running, worker.LastSeen };
            outbox.Add(db, WebhookEvents.WorkerLost, data, clock.GetUtcNow().UtcDateTime);
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
            memory.Forget(worker.Name);
            Log.Lost(logger, worker.Name, (clock.GetUtcNow().UtcDateTime - worker.LastSeen).TotalSeconds);
        }

        // Those of a worker just declared lost, and any granted to one that was gone already.
        var orphans = await HeldLeases.OrphansAsync(db, silent, ct);
        await leases.LoseAsync(orphans.Where(h => rules.HasLapsed(now, h.Granted)), $"its worker has not been heard of for {rules.LostAfter:0} s", ct);
        foreach (var worker in deleted) await forgotten.ForgetAsync(worker, ct);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Worker {Worker} is lost: silent for {Seconds:0} s")]
        public static partial void Lost(ILogger logger, string worker, double seconds);
    }
}
