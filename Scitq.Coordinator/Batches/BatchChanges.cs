using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Batches;

/// <summary>Changes properties of batches.</summary>
internal sealed class BatchChanges(IDbContextFactory<ScitqDb> contexts, TimeProvider clock)
{
    /// <summary>From now on; failures are counted anew where their limit changes.</summary>
    public async Task ChangeAsync(string batch, BatchChange change, string? reason, string? by, CancellationToken ct)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.EnsureBatchAsync(batch, now, ct);
        var one = db.Batches.Where(b => b.Name == batch);
        if (change.MaxFails is { } most)
            await one.ExecuteUpdateAsync(
                set => set.SetProperty(b => b.MaxFails, most == 0 ? (int?)null : most).SetProperty(b => b.FailsFrom, (DateTime?)now), ct);
        if (change.Description is { } text)
            await one.ExecuteUpdateAsync(set => set.SetProperty(b => b.Description, text.Length == 0 ? null : text), ct);
        if (change.KeepTasks is { } tasks) await one.ExecuteUpdateAsync(set => set.SetProperty(b => b.KeepTasks, tasks == 0 ? (double?)null : tasks), ct);
        if (change.KeepLogs is { } logs) await one.ExecuteUpdateAsync(set => set.SetProperty(b => b.KeepLogs, logs == 0 ? (double?)null : logs), ct);
        var detail = $"batch {batch}: {change}{(reason is null ? "" : $" ({reason})")}";
        db.Events.Add(new TaskEventRow { TaskId = Guid.Empty, At = now, Kind = HistoryKind.BatchChanged, Detail = detail, ByWhom = by });
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }
}
