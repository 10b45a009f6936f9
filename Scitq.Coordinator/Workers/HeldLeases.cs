using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Workers;

/// <summary>The leases that workers hold by the table, and how they are taken away.</summary>
internal sealed class HeldLeases(TaskInbox inbox)
{
    /// <summary>The worker's.</summary>
    public static Task<List<HeldLease>> OfAsync(ScitqDb db, string worker, CancellationToken ct) => ReadAsync(Active(db).Where(t => t.Worker == worker), ct);

    /// <summary>Those of workers that are gone, or forgotten, and have been silent since this moment.</summary>
    public static Task<List<HeldLease>> OrphansAsync(ScitqDb db, double silentSince, CancellationToken ct) =>
        ReadAsync(Active(db).Where(t => !db.Workers.Any(w => w.Name == t.Worker && (w.Epoch != null || w.Heard > silentSince))), ct);

    /// <summary>Those of the named leases that the worker does not hold.</summary>
    public static List<AttemptKey> Revoked(IReadOnlyList<AttemptKey> named, List<HeldLease> held)
    {
        var current = held.Select(h => h.Key).ToHashSet();
        return [.. named.Where(k => !current.Contains(k))];
    }

    /// <summary>Takes the leases away.</summary>
    public Task LoseAsync(IEnumerable<HeldLease> leases, string why, CancellationToken ct) =>
        inbox.RaiseAsync(
            [.. leases.Where(h => h.Lease is not null).Select(h => TaskStimulus.For(h.TaskId, m => m.LeaseLost, new LeaseLost(h.Lease!.Value, why)))], ct);

    /// <summary>Whether the commands of the named leases stand still, where that is news.</summary>
    /// <param name="held">The leases that the worker holds by the table.</param>
    /// <param name="named">Those that its heartbeat names.</param>
    /// <param name="suspended">Those of them that stand still, as the heartbeat says.</param>
    /// <param name="ct">Ends the waiting.</param>
    public Task TellStandstillsAsync(IEnumerable<HeldLease> held, HashSet<AttemptKey> named, HashSet<AttemptKey> suspended, CancellationToken ct) =>
        inbox.RaiseAsync(
            [.. held.Where(h => named.Contains(h.Key) && h.State != TaskState.Uploading && h.State == TaskState.Suspended != suspended.Contains(h.Key))
                .Select(h => TaskStimulus.For(h.TaskId, m => m.StandstillTold, new StandstillTold(h.Key, suspended.Contains(h.Key))))], ct);

    private static IQueryable<TaskSaga> Active(ScitqDb db) =>
        db.Tasks.AsNoTracking().Where(
            t => t.State == TaskState.Accepted || t.State == TaskState.Running || t.State == TaskState.Suspended || t.State == TaskState.Uploading);

    private static Task<List<HeldLease>> ReadAsync(IQueryable<TaskSaga> tasks, CancellationToken ct) => tasks
        .Select(t => new HeldLease(
            t.CorrelationId, t.Attempt, t.Lease, t.CancelRequested || t.RestartRequested, t.Accepted, t.Redelivers, t.Granted, t.HolderEpoch, t.State,
            t.PauseTurn, t.KillRequested))
        .ToListAsync(ct);
}
