using Scitq.Contracts.Messages;
using Scitq.Coordinator.Usage;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Api;

/// <summary>How busy a worker's machine is or was, as clients see it: percentages of it, and bytes a second.</summary>
internal sealed record UsageView
{
    public UsageView(DateTime at, UsageSample sample)
    {
        At = at;
        (Cpu, IoWait, Load) = (Math.Round(sample.Cpu, 1), Math.Round(sample.IoWait, 1), Math.Round(sample.Load, 2));
        (Memory, Disk) = (Math.Round(sample.Memory, 1), Round(sample.Disk));
        (DiskRead, DiskWritten) = ((long)sample.DiskRead, (long)sample.DiskWritten);
        (Received, Sent) = ((long)sample.Received, (long)sample.Sent);
        (Gpu, GpuMemory) = (Round(sample.Gpu), Round(sample.GpuMemory));
    }

    /// <summary>When that was so: of a mean, when its time began.</summary>
    public DateTime At { get; }

    public double Cpu { get; }

    public double IoWait { get; }

    public double Memory { get; }

    public double Load { get; }

    public double? Load5 { get; init; }

    public double? Load15 { get; init; }

    public double? Disk { get; }

    public long? DiskTotal { get; init; }

    public long DiskRead { get; }

    public long DiskWritten { get; }

    public long Received { get; }

    public long Sent { get; }

    /// <summary>The mean of its GPUs.</summary>
    public double? Gpu { get; }

    public double? GpuMemory { get; }

    /// <summary>Each of its GPUs; of the present time only.</summary>
    public IReadOnlyList<GpuStats>? Gpus { get; init; }

    /// <summary>As its last heartbeat told; null when its agent does not tell.</summary>
    public static UsageView? Of(WorkerRow row) => row.ReadStats() is { } stats && row.Usage is { } usage
        ? new UsageView(row.LastSeen, usage) { Load5 = stats.Load5, Load15 = stats.Load15, DiskTotal = stats.DiskTotal, Gpus = stats.Gpus }
        : null;

    private static double? Round(double? value) => value is { } v ? Math.Round(v, 1) : null;
}

/// <summary>How busy a worker's machine is and was.</summary>
/// <param name="Worker">The worker's name.</param>
/// <param name="Status">How it is doing.</param>
/// <param name="Now">As its last heartbeat told; null while it is offline.</param>
/// <param name="Step">Minutes that each of the following stands for.</param>
/// <param name="History">Means, the oldest first; nothing for times when the worker was away.</param>
internal sealed record UsageHistoryView(string Worker, WorkerStatus Status, UsageView? Now, int Step, IReadOnlyList<UsageView> History);
