using System.Runtime.InteropServices;

namespace Scitq.Benchmarks.Measuring;

/// <summary>On what it was measured.</summary>
internal sealed record Machine(int Cpus, string Cpu, long MemoryMb, string Kernel, string System, string Runtime, string CpuTimeFrom)
{
    public string Text => $"{Cpus} x {Cpu}, {MemoryMb / 1024} GiB, {System}, {Kernel}, {Runtime}; CPU time from {CpuTimeFrom}";

    public static Machine Read(Meter meter) => new(
        Environment.ProcessorCount,
        Value("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
        ProcFs.Kilobytes("/proc/meminfo", "MemTotal:") / 1024,
        "Linux " + File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        File.Exists("/etc/os-release")
            && File.ReadLines("/etc/os-release").FirstOrDefault(l => l.StartsWith("PRETTY_NAME=", StringComparison.Ordinal)) is { } name
            ? name[12..].Trim('"')
            : "Linux",
        RuntimeInformation.FrameworkDescription,
        meter.Source);

    private static string? Value(string file, string key) =>
        File.ReadLines(file).FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
}
