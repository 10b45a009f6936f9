using Microsoft.EntityFrameworkCore;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Workers;

/// <summary>Takes the wishes that users have of a worker: settings that hold from now on, and orders to be carried out once.</summary>
internal sealed class WorkerWishes(IDbContextFactory<ScitqDb> contexts, IWorkerLine line, TimeProvider clock)
{
    /// <summary>Changes what is given; the row as it is then, or null when there is no such worker.</summary>
    public async Task<WorkerRow?> ChangeAsync(long id, SettingsChange change, string? by, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        if (change.Batch is { } batch) await db.EnsureBatchAsync(batch, clock.GetUtcNow().UtcDateTime, ct);

        // One statement: heartbeats and other coordinators write other columns of the row at the same time.
        await db.Workers.Where(w => w.Id == id).ExecuteUpdateAsync(
            set => set.SetProperty(w => w.Batch, w => change.Batch ?? w.Batch)
                .SetProperty(w => w.Concurrency, w => change.Concurrency ?? w.Concurrency)
                .SetProperty(w => w.Prefetch, w => change.Prefetch ?? w.Prefetch)
                .SetProperty(w => w.Paused, w => change.Paused ?? w.Paused)
                .SetProperty(w => w.Aside, w => change.Paused == null ? w.Aside : null)
                .SetProperty(w => w.Revision, w => w.Revision + 1),
            ct);
        var row = await db.Workers.AsNoTracking().SingleOrDefaultAsync(w => w.Id == id, ct);
        if (row is null) return null;
        await RememberAsync(db, row.Name, change, by, ct);
        // The answers to heartbeats repeat the settings, but the worker need not wait for one.
        line.Tell(row.Name, new ConfigureWorker(await db.SettingsAsync(row, ct)));
        return row;
    }

    /// <summary>Keeps an order until the worker has carried it out; it gets it with the answer to its next heartbeat.</summary>
    public async Task<OrderRow> OrderAsync(long worker, WorkerOrderKind kind, string? by, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var order = new OrderRow { WorkerId = worker, Kind = kind, Created = clock.GetUtcNow().UtcDateTime, ByWhom = by };
        db.Orders.Add(order);
        await db.SaveChangesAsync(ct);
        return order;
    }

    /// <summary>Kept in the history of tasks, which people read; no task is concerned.</summary>
    private async Task RememberAsync(ScitqDb db, string worker, SettingsChange change, string? by, CancellationToken ct)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        db.Events.Add(new TaskEventRow
        {
            TaskId = Guid.Empty, At = now, Kind = HistoryKind.WorkerChanged, Worker = worker, Detail = change.ToString(), ByWhom = by,
        });
        await db.SaveChangesAsync(ct);
    }
}
