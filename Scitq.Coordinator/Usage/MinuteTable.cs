using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Usage;

/// <summary>The minutes of all workers in the database, where every coordinator finds them.</summary>
internal sealed class MinuteTable(IDbContextFactory<ScitqDb> contexts)
{
    private const int Together = 500;

    private static readonly string[] Means =
        ["cpu", "io_wait", "memory", "load", "disk", "disk_read", "disk_written", "received", "sent", "gpu", "gpu_memory"];

    // Heartbeats go to any of several coordinators: of one minute each has some, and the means are those of all.
    private static readonly string Merged = string.Join(", ", Means.Select(c =>
        $"{c} = coalesce((w.{c} * w.samples + excluded.{c} * excluded.samples) / (w.samples + excluded.samples), excluded.{c}, w.{c})"));

    /// <summary>Adds minutes; one that is there is taken together with this one.</summary>
    public async Task AddAsync(IEnumerable<MinuteRow> rows, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        foreach (var part in rows.Chunk(Together))
        {
            var sql = $"INSERT INTO worker_minute AS w (worker_id, minute, samples, {string.Join(", ", Means)}) "
                + $"VALUES {string.Join(", ", part.Select(Values))} "
                + $"ON CONFLICT (worker_id, minute) DO UPDATE SET {Merged}, samples = w.samples + excluded.samples";
#pragma warning disable EF1002 // numbers of ours alone; as parameters of one statement they would be too many
            await db.Database.ExecuteSqlRawAsync(sql, ct);
#pragma warning restore EF1002
        }
    }

    /// <summary>The minutes of a worker from this one on, the oldest first.</summary>
    public async Task<List<MinuteRow>> OfAsync(long worker, int from, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Minutes.AsNoTracking().Where(m => m.WorkerId == worker && m.Minute >= from).OrderBy(m => m.Minute).ToListAsync(ct);
    }

    /// <summary>Forgets what is older.</summary>
    public async Task PruneAsync(int before, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.Minutes.Where(m => m.Minute < before).ExecuteDeleteAsync(ct);
    }

    private static string Values(MinuteRow row)
    {
        double?[] means =
        [
            row.Cpu, row.IoWait, row.Memory, row.Load, row.Disk, row.DiskRead, row.DiskWritten, row.Received, row.Sent, row.Gpu, row.GpuMemory,
        ];
        var texts = means.Select(m => m is { } mean && double.IsFinite(mean) ? mean.ToString("0.###", CultureInfo.InvariantCulture) : "NULL");
        return string.Create(CultureInfo.InvariantCulture, $"({row.WorkerId}, {row.Minute}, {row.Samples}, {string.Join(", ", texts)})");
    }
}
