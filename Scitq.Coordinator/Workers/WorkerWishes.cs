using Microsoft.EntityFrameworkCore;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Workers;

/// <summary>Takes the wishes that users have of a worker: settings that hold from now on, and orders to be carried out once.</summary>
internal sealed class WorkerWishes(IDbContextFactory<ScitqDb> contexts, IWorkerLine line, TimeProvider clock)
{
    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>Changes what is given; the row as it is then, or null when there is no such worker. One that is resumed need not leave any more either.</summary>
    public async Task<WorkerRow?> ChangeAsync(long id, SettingsChange change, string? by, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        if (change.Batch is { } batch) await db.EnsureBatchAsync(batch, Now, ct);
        var resumed = change.Paused == false;
        await db.Workers.Where(w => w.Id == id).ExecuteUpdateAsync(
            set => set.SetProperty(w => w.Batch, w => change.Batch ?? w.Batch)
                .SetProperty(w => w.Concurrency, w => change.Concurrency ?? w.Concurrency)
                .SetProperty(w => w.Prefetch, w => change.Prefetch ?? w.Prefetch)
                .SetProperty(w => w.Paused, w => change.Paused ?? w.Paused)
                .SetProperty(w => w.Aside, w => change.Paused == null ? w.Aside : null)
                .SetProperty(w => w.Draining, w => w.Draining && !resumed)
                .SetProperty(w => w.Evicting, w => w.Evicting && !resumed)
                .SetProperty(w => w.Deleting, w => w.Deleting && !resumed)
                .SetProperty(w => w.Revision, w => w.Revision + 1),
            ct);
        return await TellAsync(db, id, change.ToString(), by, ct);
    }

    /// <summary>Has a worker that is there end what it has, and leave; the row as it is then, or null when it is there no more.</summary>
    /// <param name="id">The worker.</param>
    /// <param name="evict">Whether it is to stop what runs.</param>
    /// <param name="delete">Whether it is forgotten once it has left.</param>
    /// <param name="reason">Kept in the history.</param>
    /// <param name="by">The caller.</param>
    /// <param name="ct">Ends the waiting.</param>
    public async Task<WorkerRow?> DrainAsync(long id, bool evict, bool delete, string? reason, string? by, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var there = await db.Workers.Where(w => w.Id == id && w.Epoch != null).ExecuteUpdateAsync(
            set => set.SetProperty(w => w.Draining, true)
                .SetProperty(w => w.Evicting, w => w.Evicting || evict)
                .SetProperty(w => w.Deleting, w => w.Deleting || delete)
                .SetProperty(w => w.Revision, w => w.Revision + 1),
            ct);
        var what = $"{(delete ? "deleted" : "drained")}{(evict ? " by force" : "")}{Because(reason)}";
        return there == 0 ? null : await TellAsync(db, id, what, by, ct);
    }

    /// <summary>Keeps an order until the worker has carried it out; it gets it with the answer to its next heartbeat.</summary>
    public async Task<OrderRow> OrderAsync(long worker, WorkerOrderKind kind, string? reason, string? by, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var order = new OrderRow { WorkerId = worker, Kind = kind, Created = Now, Reason = reason, ByWhom = by };
        db.Orders.Add(order);
        await db.SaveChangesAsync(ct);
        return order;
    }

    /// <summary>Kept in the history of tasks, which people read; no task is concerned.</summary>
    public async Task RememberAsync(string worker, string what, string? by, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await RememberAsync(db, worker, what, by, ct);
    }

    /// <summary>A reason as it follows what was done.</summary>
    public static string Because(string? reason) => string.IsNullOrEmpty(reason) ? "" : $": {reason}";

    private async Task<WorkerRow?> TellAsync(ScitqDb db, long id, string what, string? by, CancellationToken ct)
    {
        if (await db.Workers.AsNoTracking().SingleOrDefaultAsync(w => w.Id == id, ct) is not { } row) return null;
        await RememberAsync(db, row.Name, what, by, ct);
        // The answers to heartbeats repeat the settings, but the worker need not wait for one.
        line.Tell(row.Name, new ConfigureWorker(await db.SettingsAsync(row, ct)));
        return row;
    }

    private async Task RememberAsync(ScitqDb db, string worker, string what, string? by, CancellationToken ct)
    {
        db.Events.Add(new TaskEventRow { TaskId = Guid.Empty, At = Now, Kind = HistoryKind.WorkerChanged, Worker = worker, Detail = what, ByWhom = by });
        await db.SaveChangesAsync(ct);
    }
}
