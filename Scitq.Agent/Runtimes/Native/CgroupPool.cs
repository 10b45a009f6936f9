using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>
/// Control groups ready for use. Making and removing one costs more than a short task, so they are used again where the
/// kernel can set their counters back. Their names tell which agent process made them: those of dead ones are removed.
/// </summary>
internal sealed partial class CgroupPool : IDisposable
{
    private readonly ConcurrentBag<Cgroup> _free = [];
    private readonly Func<string, Cgroup> _make;
    private readonly long? _memoryLimit;
    private readonly string _prefix;
    private int _count;

    private CgroupPool(IReadOnlyList<string> parents, Func<string, Cgroup> make, long? memoryLimit)
    {
        (_make, _memoryLimit) = (make, memoryLimit);
        _prefix = $"{Environment.ProcessId}-{ProcessTable.StartTime(Environment.ProcessId)}-{Guid.NewGuid().ToString("N")[..8]}-";
        foreach (var parent in parents) Directory.CreateDirectory(parent);
        foreach (var name in parents.SelectMany(Directory.EnumerateDirectories).Select(Path.GetFileName).Distinct())
        {
            if (LeafName().Match(name!) is { Success: true } leaf
                && ProcessTable.StartTime(int.Parse(leaf.Groups[1].Value, CultureInfo.InvariantCulture))?.ToString(CultureInfo.InvariantCulture) != leaf.Groups[2].Value)
                make(name!).Remove();
        }
    }

    /// <summary>A pool below the group named, or null with the reason why there can be none here.</summary>
    public static CgroupPool? TryOpen(NativeOptions options, out string? problem)
    {
        problem = "none is wanted";
        if (options.CgroupName.Length == 0) return null;
        CgroupPool? pool = null;
        try
        {
            var mounts = CgroupMounts.Read();
            if (mounts.Parent("memory", options.CgroupName) is { } memory)
            {
                var (cpu, pids) = (mounts.Parent("cpuacct", options.CgroupName), mounts.Parent("pids", options.CgroupName));
                pool = new CgroupPool([.. new[] { memory, cpu, pids }.OfType<string>()], leaf => new CgroupV1(
                    Path.Combine(memory, leaf), cpu is null ? null : Path.Combine(cpu, leaf), pids is null ? null : Path.Combine(pids, leaf)), options.MemoryLimit);
            }
            else if (mounts.Parent("", options.CgroupName) is { } unified)
            {
                pool = new CgroupPool([unified], leaf => new CgroupV2(Path.Combine(unified, leaf)), options.MemoryLimit);
                CgroupMounts.Delegate(unified);
            }
            else
            {
                problem = "no control groups are mounted";
                return null;
            }
            // Is a group of ours one we can use?
            var group = pool.Take();
            if (!group.JoinFiles.All(file => Posix.access(file, 2) == 0)) throw new UnauthorizedAccessException($"{group.JoinFiles[0]} can't be written to");
            pool.Return(group);
            problem = null;
            return pool;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            pool?.Dispose();
            problem = e.Message;
            return null;
        }
    }

    public Cgroup Take()
    {
        if (_free.TryTake(out var group)) return group;
        group = _make(_prefix + Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture));
        group.Create(_memoryLimit);
        return group;
    }

    public void Return(Cgroup group)
    {
        if (group.TryReset()) _free.Add(group);
        else group.Remove();
    }

    public void Dispose()
    {
        while (_free.TryTake(out var group)) group.Remove();
    }

    [GeneratedRegex("^([0-9]+)-([0-9]+)-[0-9a-f]{8}-[0-9]+$", RegexOptions.CultureInvariant)]
    private static partial Regex LeafName();
}
