using Microsoft.EntityFrameworkCore;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Webhooks;

namespace Scitq.Coordinator.Workers;

/// <summary>
/// Stops batches, and lets them go on. The batch's row says so; its workers take and start nothing, which they are told as a pause, now and with the
/// answers to their heartbeats. A worker that comes later is told at its registration.
/// </summary>
internal sealed class BatchStops(IDbContextFactory<ScitqDb> contexts, StoppedBatches stopped, IWorkerLine line, Outbox outbox, TimeProvider clock)
{
    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>Nothing of the batch starts from now on; false when it is stopped already, and stays so for the reason given first.</summary>
    public Task<bool> StopAsync(string batch, string? reason, string? by, CancellationToken ct) => ChangeAsync(
        batch, reason, by, HistoryKind.BatchStopped,
        db => db.Batches.Where(b => b.Name == batch && b.Stopped == null).ExecuteUpdateAsync(
            set => set.SetProperty(b => b.Stopped, Now).SetProperty(b => b.StoppedBy, by).SetProperty(b => b.StoppedReason, reason), ct),
        ct);

    /// <summary>The batch goes on; false when it was not stopped.</summary>
    public Task<bool> GoAsync(string batch, string? reason, string? by, CancellationToken ct) => ChangeAsync(
        batch, reason, by, HistoryKind.BatchContinued,
        db => db.Batches.Where(b => b.Name == batch && b.Stopped != null).ExecuteUpdateAsync(
            set => set.SetProperty(b => b.Stopped, (DateTime?)null).SetProperty(b => b.StoppedBy, (string?)null)
                .SetProperty(b => b.StoppedReason, (string?)null).SetProperty(b => b.FailsFrom, (DateTime?)Now),
            ct),
        ct);

    private async Task<bool> ChangeAsync(
        string batch, string? reason, string? by, HistoryKind kind, Func<ScitqDb, Task<int>> change, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using (var transaction = await db.Database.BeginTransactionAsync(ct))
        {
            // Named by tasks alone, it may have no row.
            await db.EnsureBatchAsync(batch, Now, ct);
            if (await change(db) == 0) return false;
            // What was sent before says nothing any more, should it come after.
            await db.Workers.Where(w => w.Batch == batch).ExecuteUpdateAsync(set => set.SetProperty(w => w.Revision, w => w.Revision + 1), ct);
            var detail = reason is null ? $"batch {batch}" : $"batch {batch}: {reason}";
            db.Events.Add(new TaskEventRow { TaskId = Guid.Empty, At = Now, Kind = kind, Detail = detail, ByWhom = by });
            if (kind == HistoryKind.BatchStopped) outbox.Add(db, WebhookEvents.BatchStopped, new { Batch = batch, Reason = reason, By = by }, Now);
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
        }

        stopped.Changed();
        // Messages of it whose claims were refused meanwhile are gone.
        if (kind == HistoryKind.BatchContinued) line.Compare(batch);
        foreach (var worker in await db.Workers.AsNoTracking().Where(w => w.Batch == batch).ToListAsync(ct))
            line.Tell(worker.Name, new ConfigureWorker(await db.SettingsAsync(worker, ct)));
        return true;
    }
}
