using System.Globalization;
using System.Reflection;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <summary>What the machine is and how busy it is.</summary>
internal static class HostFigures
{
    public static HostInfo Describe(string? docker, IReadOnlyList<string> gpus) => new()
    {
        Hostname = Environment.MachineName,
        Cpus = Environment.ProcessorCount,
        Memory = Meminfo("MemTotal:"),
        Version = typeof(HostFigures).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
        Docker = docker,
        Gpus = gpus,
    };

    public static long MemoryAvailable() => Meminfo("MemAvailable:");

    public static double Load() =>
        double.TryParse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture, out var load) ? load : 0;

    /// <summary>Bytes that can still be written, and the size of the disk.</summary>
    public static (long Free, long Total) Disk(string directory)
    {
        try
        {
            var drive = new DriveInfo(directory);
            return (drive.AvailableFreeSpace, drive.TotalSize);
        }
        catch (IOException)
        {
            // Not to be had from this file system: better to go on than to take it for full.
            return (long.MaxValue, long.MaxValue);
        }
    }

    private static long Meminfo(string name)
    {
        foreach (var line in File.ReadLines("/proc/meminfo"))
            if (line.StartsWith(name, StringComparison.Ordinal))
                return 1024 * long.Parse(line.AsSpan(name.Length).Trim().TrimEnd("kB").TrimEnd(), CultureInfo.InvariantCulture);
        return 0;
    }
}
