using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Usage;

/// <summary>How busy a worker's machine was at one time: percentages of it, and bytes a second. What it does not have, or did not tell, is null.</summary>
internal sealed record UsageSample(
    double Cpu, double IoWait, double Memory, double Load, double? Disk, double DiskRead, double DiskWritten, double Received, double Sent,
    double? Gpu, double? GpuMemory)
{
    /// <summary>What a heartbeat told.</summary>
    /// <param name="stats">What only newer agents tell.</param>
    /// <param name="load">Load average over one minute.</param>
    /// <param name="memory">Bytes of memory.</param>
    /// <param name="available">Those that are available.</param>
    /// <param name="diskFree">Free bytes where the work directories are.</param>
    public static UsageSample Of(WorkerStats stats, double load, long memory, long available, long diskFree) => new(
        stats.Cpu, stats.IoWait, Percent(memory - available, memory) ?? 0, load, Percent(stats.DiskTotal - diskFree, stats.DiskTotal),
        stats.DiskRead, stats.DiskWritten, stats.Received, stats.Sent,
        stats.Gpus is { Count: > 0 } gpus ? gpus.Average(g => g.Use) : null,
        stats.Gpus is { Count: > 0 } all ? Percent(all.Sum(g => g.MemoryUsed), all.Sum(g => g.Memory)) : null);

    private static double? Percent(long? part, long? whole) => whole > 0 && part is { } p ? Math.Round(Math.Clamp(100.0 * p / whole.Value, 0, 100), 1) : null;
}
