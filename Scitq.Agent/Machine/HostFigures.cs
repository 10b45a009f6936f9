using System.Globalization;
using System.Reflection;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Machine;

/// <summary>What the machine is and how busy it is.</summary>
internal static class HostFigures
{
    /// <summary>The agent's version.</summary>
    public static string Version { get; } =
        typeof(HostFigures).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public static HostInfo Describe(string? docker, IReadOnlyList<string> gpus) => new()
    {
        Hostname = Environment.MachineName,
        Cpus = Environment.ProcessorCount,
        Memory = Meminfo("MemTotal:"),
        Version = Version,
        Docker = docker,
        Gpus = gpus,
    };

    public static long MemoryAvailable() => Meminfo("MemAvailable:");

    public static double Load() =>
        double.TryParse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture, out var load) ? load : 0;

    private static long Meminfo(string name)
    {
        foreach (var line in File.ReadLines("/proc/meminfo"))
            if (line.StartsWith(name, StringComparison.Ordinal))
                return 1024 * long.Parse(line.AsSpan(name.Length).Trim().TrimEnd("kB").TrimEnd(), CultureInfo.InvariantCulture);
        return 0;
    }
}
