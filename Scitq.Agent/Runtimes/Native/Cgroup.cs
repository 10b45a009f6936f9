using System.Globalization;
using System.Text;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>The kernel's counts of the processes in a control group.</summary>
/// <param name="PeakMemory">Bytes.</param>
/// <param name="CpuSeconds">Of all processes.</param>
/// <param name="OomKilled">Whether it killed for want of memory.</param>
/// <param name="ForksRefused">Whether it refused to make a process more than the limit.</param>
internal readonly record struct CgroupUsage(long? PeakMemory, double? CpuSeconds, bool OomKilled, bool ForksRefused = false);

/// <summary>Limits for the processes of one task together; null is without limit.</summary>
internal sealed record CgroupLimits(int? Processes = null, long? Memory = null, double? Cpus = null)
{
    /// <summary>Over which processors are shared out, in microseconds.</summary>
    public const int CpuPeriod = 100_000;

    public const string OfProcesses = "processes", OfMemory = "memory", OfCpus = "processors";

    public CgroupLimits Without(string limit) => limit switch
    {
        OfProcesses => this with { Processes = null },
        OfMemory => this with { Memory = null },
        _ => this with { Cpus = null },
    };

    public string ProcessesText => Processes?.ToString(CultureInfo.InvariantCulture) ?? "max";

    public string? MemoryText => Memory?.ToString(CultureInfo.InvariantCulture);

    public string? CpuQuotaText => Cpus is { } cpus ? Math.Max(1000, (long)(cpus * CpuPeriod)).ToString(CultureInfo.InvariantCulture) : null;
}

/// <summary>The control group of one run: all its processes are in it, whatever they fork, and it counts what they use.</summary>
internal abstract class Cgroup
{
    /// <summary>Files to which a process writes 0 to enter.</summary>
    public abstract IReadOnlyList<string> JoinFiles { get; }

    /// <summary>Names it in the record of a run; <see cref="Open"/> reads it.</summary>
    public abstract IReadOnlyList<string> Names { get; }

    public abstract bool IsEmpty { get; }

    protected abstract IEnumerable<string> Directories { get; }

    /// <summary>Those that are made only when they are needed.</summary>
    protected virtual IEnumerable<string> Occasional => [];

    protected abstract string Processes { get; }

    public static Cgroup? Open(IReadOnlyList<string> names)
    {
        var directories = names.Select(n => n.Split('=', 2)).Where(n => n.Length == 2).ToDictionary(n => n[0], n => n[1]);
        Cgroup? group = directories.TryGetValue("unified", out var unified) ? new CgroupV2(unified)
            : directories.GetValueOrDefault("memory") is { } memory
                ? new CgroupV1(memory, directories.GetValueOrDefault("cpuacct"), directories.GetValueOrDefault("pids"), directories.GetValueOrDefault("cpu"),
                    directories.GetValueOrDefault("freezer"))
                : null;
        return group?.Directories.All(Directory.Exists) == true ? group : null;
    }

    /// <summary>Makes its directories, and sets the limits.</summary>
    /// <returns>Which limit can't be set here, in a word; null when all are.</returns>
    public string? Create(CgroupLimits limits)
    {
        foreach (var directory in Directories) Directory.CreateDirectory(directory);
        return Limit(limits);
    }

    protected abstract string? Limit(CgroupLimits limits);

    protected static bool Write(string file, string value) => Posix.Write(file, Encoding.ASCII.GetBytes(value));

    /// <summary>Removes its directories; they stay while a process is in them.</summary>
    public void Remove()
    {
        foreach (var directory in Directories.Concat(Occasional))
        {
            try
            {
                if (Directory.Exists(directory)) Directory.Delete(directory);
            }
            catch (IOException)
            {
                // Gone already, or in use: whoever starts next in the same parent tries again.
            }
        }
    }

    /// <summary>Process ids in it.</summary>
    public IEnumerable<int> ProcessIds() => ProcessIds(Processes);

    protected static IEnumerable<int> ProcessIds(string file) =>
        Posix.Read(file) is { } list
            ? Encoding.ASCII.GetString(list).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => int.Parse(line, CultureInfo.InvariantCulture))
            : [];

    /// <summary>No more processes are born in it.</summary>
    public abstract void ForbidForks();

    /// <summary>Lets all its processes stand still, and those that come to be there; false where that can't be done by control groups.</summary>
    /// <param name="processes">The processes of the run, those too that are about to enter the group.</param>
    /// <exception cref="IOException">It can be done, but not now.</exception>
    public abstract bool TryFreeze(Func<IEnumerable<int>> processes);

    /// <summary>Lets them go on; false when they were not frozen.</summary>
    public abstract bool Thaw();

    /// <summary>Since it was made or <see cref="TryReset"/>.</summary>
    public abstract CgroupUsage Usage();

    /// <summary>Makes it as good as new for another run; false when it can't be.</summary>
    public abstract bool TryReset();

    protected static long? Number(string? file, string? key = null)
    {
        if (file is null || Posix.Read(file) is not { } content) return null;
        foreach (var line in Encoding.ASCII.GetString(content).Split('\n'))
        {
            var value = key is null ? line : line.StartsWith(key + " ", StringComparison.Ordinal) ? line[(key.Length + 1)..] : null;
            if (value is not null && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number;
        }
        return null;
    }
}
