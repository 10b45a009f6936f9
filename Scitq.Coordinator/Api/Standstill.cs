using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>Says in a few words, for many tasks at once, why a queued one does not start. <see cref="Explainer"/> says it at length for one.</summary>
internal static class Standstill
{
    public static async Task<IReadOnlyDictionary<Guid, string>> ReadAsync(ScitqDb db, IReadOnlyList<TaskSaga> tasks, DateTime now, CancellationToken ct)
    {
        var found = new Dictionary<Guid, string>();
        var pending = tasks.Where(t => t.State == TaskState.Pending && t.Due is null).ToList();
        if (pending.Count > 0)
        {
            var batches = pending.Select(t => t.Batch).Distinct().ToList();
            var rows = await db.Workers.AsNoTracking().Where(w => batches.Contains(w.Batch)).ToListAsync(ct);
            var workers = rows.ToLookup(w => w.Batch, w => WorkerView.StatusOf(w, stopped: false, now));
            var stopped = await db.Batches.Where(b => batches.Contains(b.Name) && b.Stopped != null).Select(b => b.Name).ToListAsync(ct);
            foreach (var task in pending)
                if ((stopped.Contains(task.Batch) ? "batch stopped" : OfBatch([.. workers[task.Batch]])) is { } why) found[task.CorrelationId] = why;
        }

        var waiting = tasks.Where(t => t.State == TaskState.Waiting).Select(t => t.CorrelationId).ToList();
        if (waiting.Count == 0) return found;
        var dead = db.Unmet().Where(u => waiting.Contains(u.TaskId) && (u.State == null || u.State == TaskState.Failed || u.State == TaskState.Cancelled));
        foreach (var required in await dead.OrderBy(u => u.Number).ToListAsync(ct))
            found.TryAdd(required.TaskId, $"{required.What} {required.Became}");
        return found;
    }

    private static string? OfBatch(IReadOnlyList<WorkerStatus> workers) =>
        workers.All(w => w == WorkerStatus.Offline) ? "no worker"
        : workers.All(w => w is WorkerStatus.Offline or WorkerStatus.Paused) ? "worker paused"
        : workers.Contains(WorkerStatus.Running) ? null
        : "worker full";
}
