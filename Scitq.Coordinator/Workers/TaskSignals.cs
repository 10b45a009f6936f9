using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Workers;

/// <summary>Has workers send signals to commands: each is an order for one attempt, told at once and until the worker says what came of it.</summary>
internal sealed class TaskSignals(IDbContextFactory<ScitqDb> contexts, IWorkerLine line, TimeProvider clock)
{
    /// <summary>Those of the tasks whose commands were running, and so are being sent it.</summary>
    public async Task<IReadOnlySet<Guid>> SendAsync(IReadOnlyList<Guid> ids, int signal, string? reason, string? by, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var running = await db.Tasks.AsNoTracking()
            .Where(t => ids.Contains(t.CorrelationId) && (t.State == TaskState.Running || t.State == TaskState.Suspended) && t.Lease != null).ToListAsync(ct);
        var names = running.Select(t => t.Worker).Distinct().ToList();
        var workers = await db.Workers.AsNoTracking().Where(w => names.Contains(w.Name)).ToDictionaryAsync(w => w.Name, w => w.Id, ct);
        var now = clock.GetUtcNow().UtcDateTime;
        var orders = new List<(string Worker, OrderRow Order)>();
        foreach (var task in running)
        {
            if (task.Worker is null || !workers.TryGetValue(task.Worker, out var worker)) continue;
            var order = new OrderRow
            {
                WorkerId = worker, Kind = WorkerOrderKind.Signal, Created = now, ByWhom = by,
                TaskId = task.CorrelationId, Attempt = task.Attempt, Lease = task.Lease, Signal = signal,
            };
            orders.Add((task.Worker, order));
            db.Orders.Add(order);
            db.Events.Add(new TaskEventRow
            {
                TaskId = task.CorrelationId, Attempt = task.Attempt, At = now, Kind = HistoryKind.SignalRequested, Worker = task.Worker,
                Detail = reason is null ? Signals.Text(signal) : $"{Signals.Text(signal)}: {reason}", ByWhom = by,
            });
        }

        await db.SaveChangesAsync(ct);
        foreach (var (worker, order) in orders) line.Tell(worker, new CarryOut(order.Order));
        return orders.Select(o => o.Order.TaskId!.Value).ToHashSet();
    }
}
