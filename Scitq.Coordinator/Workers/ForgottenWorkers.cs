using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Workers;

/// <summary>Forgets workers that are gone: their row with all that hangs on it, and their queue. Should the agent return, it is a new one.</summary>
internal sealed partial class ForgottenWorkers(
    IDbContextFactory<ScitqDb> contexts, LeaseRules rules, HeldLeases leases, IWorkerLine line, ILogger<ForgottenWorkers> logger)
{
    /// <summary>
    /// Forgets the worker, unless its agent has come back; false then. Of its attempts those are lost at once whose leases have lapsed; the others are
    /// found as those of a worker that is gone, once they have.
    /// </summary>
    public async Task<bool> ForgetAsync(WorkerRow worker, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        // Nothing was heard, so the clock only is looked at.
        var now = (await db.Hearing.AsNoTracking().SingleAsync(ct)).Hearing;
        var held = await HeldLeases.OfAsync(db, worker.Name, ct);
        await leases.LoseAsync(held.Where(h => rules.HasLapsed(now, h.Granted)), "its worker was deleted", ct);
        if (await db.Workers.Where(w => w.Id == worker.Id && w.Epoch == null).ExecuteDeleteAsync(ct) == 0) return false;
        await db.Minutes.Where(m => m.WorkerId == worker.Id).ExecuteDeleteAsync(ct);
        await line.CloseAsync(worker.Name, ct);
        Log.Forgotten(logger, worker.Name);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Worker {Worker} is forgotten, as its user wanted")]
        public static partial void Forgotten(ILogger logger, string worker);
    }
}
