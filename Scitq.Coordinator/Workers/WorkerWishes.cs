using Microsoft.EntityFrameworkCore;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Workers;

/// <summary>What users want of a worker: settings that hold from now on, and orders to be carried out once.</summary>
internal sealed class WorkerWishes(IDbContextFactory<ScitqDb> contexts, TimeProvider clock)
{
    /// <summary>Raised once changed settings are saved: heartbeat answers repeat them, but the worker need not wait for one.</summary>
    public event Action<string, ConfigureWorker>? Changed;

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
                .SetProperty(w => w.Revision, w => w.Revision + 1),
            ct);
        var row = await db.Workers.AsNoTracking().SingleOrDefaultAsync(w => w.Id == id, ct);
        if (row is not null) await RememberAsync(db, row.Name, HistoryKind.WorkerChanged, change.ToString(), by, ct);
        if (row is not null) Changed?.Invoke(row.Name, new ConfigureWorker(row.Settings));
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

    /// <summary>In the same list as what happened to tasks; no task is concerned.</summary>
    private async Task RememberAsync(ScitqDb db, string worker, HistoryKind kind, string detail, string? by, CancellationToken ct)
    {
        db.Events.Add(new TaskEventRow { TaskId = Guid.Empty, At = clock.GetUtcNow().UtcDateTime, Kind = kind, Worker = worker, Detail = detail, ByWhom = by });
        await db.SaveChangesAsync(ct);
    }
}

/// <summary>What is null stays as it is.</summary>
internal sealed record SettingsChange(string? Batch, int? Concurrency, int? Prefetch, bool? Paused)
{
    /// <summary>What it changes, for the history.</summary>
    public override string ToString() => string.Join(", ", new[]
    {
        Batch is null ? null : $"batch {Batch}", Concurrency is null ? null : $"concurrency {Concurrency}", Prefetch is null ? null : $"prefetch {Prefetch}",
        Paused switch { null => null, true => "paused", false => "resumed" },
    }.Where(part => part is not null));
}
