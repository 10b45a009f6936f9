using System.Diagnostics;

namespace Scitq.Benchmarks.Measuring;

/// <summary>The groups of processes of this run, and what they use between two looks.</summary>
internal sealed class Meter : IDisposable
{
    private readonly string? _parent;
    private readonly bool _unified;
    private readonly Dictionary<string, ProcessGroup> _groups = [];

    public Meter()
    {
        foreach (var (mount, unified) in new[] { ("/sys/fs/cgroup/cpuacct", false), ("/sys/fs/cgroup", true) })
        {
            if (!File.Exists(mount + (unified ? "/cgroup.controllers" : "/cpuacct.usage"))) continue;
            try
            {
                _parent = Directory.CreateDirectory($"{mount}/scitq-bench-{Environment.ProcessId}").FullName;
                _unified = unified;
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Not ours to make here: /proc has to do.
            }
        }
    }

    /// <summary>Where the figures come from.</summary>
    public string Source => _parent is null ? "/proc, by process tree" : "control groups";

    public ProcessGroup Group(string name)
    {
        if (_groups.TryGetValue(name, out var group)) return group;
        return _groups[name] = _parent is null
            ? new ProcessTree(name)
            : new ControlGroup(name, Directory.CreateDirectory($"{_parent}/{name}").FullName, _unified);
    }

    /// <summary>The names of all groups.</summary>
    public IEnumerable<string> Groups => _groups.Keys;

    public Reading Read() => new(Stopwatch.GetTimestamp(), ProcFs.BusySeconds(), _groups.ToDictionary(g => g.Key, g => g.Value.CpuSeconds()));

    public void Dispose()
    {
        if (_parent is null) return;
        foreach (var directory in Directory.EnumerateDirectories(_parent, "*", SearchOption.AllDirectories).OrderByDescending(d => d.Length).Append(_parent))
        {
            try
            {
                Directory.Delete(directory);
            }
            catch (IOException)
            {
                // The servers are still in their groups; they are stopped after us.
            }
        }
    }
}

/// <summary>One look.</summary>
internal sealed record Reading(long At, double Busy, IReadOnlyDictionary<string, double> Cpu)
{
    /// <summary>CPU seconds of each of the groups since then.</summary>
    public Usage Since(Reading before, IEnumerable<string> groups)
    {
        var seconds = Stopwatch.GetElapsedTime(before.At, At).TotalSeconds;
        var all = Cpu.Sum(c => c.Value - before.Cpu.GetValueOrDefault(c.Key));
        return new Usage(
            seconds, groups.ToDictionary(g => g, g => Cpu.GetValueOrDefault(g) - before.Cpu.GetValueOrDefault(g)),
            Math.Max(0, Busy - before.Busy - all) / seconds / Environment.ProcessorCount);
    }
}

/// <summary>What was used between two looks.</summary>
/// <param name="Seconds">Wall time.</param>
/// <param name="Cpu">CPU seconds by group.</param>
/// <param name="Others">The share of the machine that went to processes that are not ours.</param>
internal sealed record Usage(double Seconds, IReadOnlyDictionary<string, double> Cpu, double Others);
