using Microsoft.EntityFrameworkCore;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Workers;

internal static class WorkerRows
{
    /// <summary>Nobody holds the name of the one worker any more; false when there is none as described.</summary>
    public static async Task<bool> VacateAsync(this IQueryable<WorkerRow> one, CancellationToken ct) =>
        await one.ExecuteUpdateAsync(set => set.SetProperty(w => w.Epoch, (Guid?)null).SetProperty(w => w.Running, 0).SetProperty(w => w.Leases, 0), ct) > 0;

    /// <summary>The same of one that leaves in order: it has drained, and its next start takes tasks again.</summary>
    public static async Task<bool> LeaveAsync(this IQueryable<WorkerRow> one, CancellationToken ct) =>
        await one.ExecuteUpdateAsync(
            set => set.SetProperty(w => w.Epoch, (Guid?)null).SetProperty(w => w.Running, 0).SetProperty(w => w.Leases, 0)
                .SetProperty(w => w.Draining, false).SetProperty(w => w.Evicting, false).SetProperty(w => w.Revision, w => w.Revision + 1),
            ct) > 0;

    /// <summary>
    /// What the worker is to do: its settings, and a pause while its batch is stopped. The batch is read after the row, so that a revision never brings
    /// an older word on the batch than that for which it was raised.
    /// </summary>
    public static async Task<WorkerSettings> SettingsAsync(this ScitqDb db, WorkerRow worker, CancellationToken ct) =>
        worker.Paused || !await db.Batches.AnyAsync(b => b.Name == worker.Batch && b.Stopped != null, ct)
            ? worker.Settings
            : worker.Settings with { Paused = true };
}
