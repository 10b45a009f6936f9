using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Scitq.Hosting;

/// <summary>
/// The system's time, whose timestamps go on while the machine is suspended. The usual ones stand still then, and a worker on a laptop that was closed
/// for an hour would hold its leases for valid.
/// </summary>
public sealed partial class BootTime : TimeProvider
{
    /// <summary>The only one.</summary>
    public static readonly BootTime Instance = new();

    private const int BootClock = 7;
    private const long Nanoseconds = 1_000_000_000;

    private BootTime()
    {
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => OperatingSystem.IsLinux() ? Nanoseconds : Stopwatch.Frequency;

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        if (!OperatingSystem.IsLinux()) return Stopwatch.GetTimestamp();
        if (clock_gettime(BootClock, out var time) != 0) throw new InvalidOperationException("CLOCK_BOOTTIME can't be read.");
        return (time.Seconds * Nanoseconds) + time.Nanoseconds;
    }

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, out Timespec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
