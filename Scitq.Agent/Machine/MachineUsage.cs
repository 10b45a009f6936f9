using System.Globalization;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Machine;

/// <summary>How busy the machine was from one heartbeat to the next.</summary>
/// <param name="gpus">How busy its GPUs are.</param>
/// <param name="interval">Between two heartbeats: one that follows another at once measures nothing.</param>
/// <param name="time">The clock.</param>
/// <param name="root">Where <c>proc</c> and <c>sys</c> are.</param>
internal sealed class MachineUsage(GpuUsage gpus, TimeSpan interval, TimeProvider time, string root = "/")
{
    private (MachineCounters Counters, long At)? _before;

    /// <summary>What there is to tell; null when that was told a moment ago, at first, and where the kernel does not say.</summary>
    /// <param name="diskTotal">Size of the disk that the work directories are on.</param>
    public WorkerStats? Next(long diskTotal)
    {
        if (_before is { } last && time.GetElapsedTime(last.At) < 0.8 * interval) return null;
        try
        {
            return Measure(diskTotal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
        {
            // No heartbeat may fail for want of figures.
            return null;
        }
    }

    private WorkerStats? Measure(long diskTotal)
    {
        var (now, at) = (MachineCounters.Read(root), time.GetTimestamp());
        var before = _before;
        _before = (now, at);
        if (before is not var (then, since)) return null;
        var seconds = time.GetElapsedTime(since, at).TotalSeconds;
        var ticks = now.CpuTotal - then.CpuTotal;
        if (seconds <= 0 || ticks <= 0) return null;

        // The kernel's count of what waits for disks may go back.
        var waiting = Math.Clamp(now.IoWait - then.IoWait, 0, ticks);
        var idle = Math.Clamp(now.CpuIdle - then.CpuIdle, 0, ticks - waiting);
        var load = File.ReadAllText(Path.Combine(root, "proc/loadavg")).Split(' ');
        return new WorkerStats
        {
            Cpu = Percent(ticks - idle - waiting, ticks),
            IoWait = Percent(waiting, ticks),
            Load5 = double.Parse(load[1], CultureInfo.InvariantCulture),
            Load15 = double.Parse(load[2], CultureInfo.InvariantCulture),
            DiskTotal = diskTotal is > 0 and < long.MaxValue ? diskTotal : null,
            DiskRead = Rate(now.DiskRead - then.DiskRead),
            DiskWritten = Rate(now.DiskWritten - then.DiskWritten),
            Received = Rate(now.Received - then.Received),
            Sent = Rate(now.Sent - then.Sent),
            Gpus = gpus.Latest,
        };

        // A disk or a link that goes away takes what it had counted with it.
        long Rate(long bytes) => (long)(Math.Max(0, bytes) / seconds);
    }

    private static double Percent(long part, long whole) => Math.Round(100.0 * part / whole, 1);
}
