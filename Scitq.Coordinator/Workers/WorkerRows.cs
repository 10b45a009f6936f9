using Microsoft.EntityFrameworkCore;

namespace Scitq.Coordinator.Workers;

internal static class WorkerRows
{
    /// <summary>Nobody holds the name of the one worker any more; false when there is none as described.</summary>
    public static async Task<bool> VacateAsync(this IQueryable<WorkerRow> one, CancellationToken ct) =>
        await one.ExecuteUpdateAsync(set => set.SetProperty(w => w.Epoch, (Guid?)null).SetProperty(w => w.Running, 0).SetProperty(w => w.Leases, 0), ct) > 0;
}
