using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Scitq.Contracts;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>
/// Control groups ready for use. Making and removing one costs more than a short task, so they are used again where the
/// kernel can set their counters back. Their names tell which agent process made them: those of dead ones are removed.
/// </summary>
internal sealed partial class CgroupPool : IDisposable
{
    private readonly ConcurrentBag<Cgroup> _free = [];
    private readonly Func<string, Cgroup> _make;
    private CgroupLimits _limits;
    private readonly string _prefix;
    private int _count;

    private CgroupPool(IReadOnlyList<string> parents, Func<string, Cgroup> make, CgroupLimits limits)
    {
        (_make, _limits) = (make, limits);
        _prefix = $"{Environment.ProcessId}-{ProcessTable.StartTime(Environment.ProcessId)}-{Guid.NewGuid().ToString("N")[..8]}-";
        foreach (var parent in parents) Directory.CreateDirectory(parent);
        foreach (var name in parents.SelectMany(Directory.EnumerateDirectories).Select(Path.GetFileName).Distinct())
        {
            if (LeafName().Match(name!) is not { Success: true } leaf) continue;
            var maker = ProcessTable.StartTime(int.Parse(leaf.Groups[1].Value, CultureInfo.InvariantCulture));
            if (maker?.ToString(CultureInfo.InvariantCulture) != leaf.Groups[2].Value) make(name!).Remove();
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
            var limits = new CgroupLimits(options.ProcessLimit, options.MemoryLimit, options.CpuLimit);
            if (mounts.Parent("memory", options.CgroupName) is { } memory)
            {
                var (cpu, pids) = (mounts.Parent("cpuacct", options.CgroupName), mounts.Parent("pids", options.CgroupName));
                var freezer = mounts.Parent("freezer", options.CgroupName);
                var quota = limits.Cpus is null ? null : mounts.Parent("cpu", options.CgroupName);
                pool = new CgroupPool([.. new[] { memory, cpu, pids, quota }.OfType<string>().Distinct()], leaf => new CgroupV1(
                    Path.Combine(memory, leaf), In(cpu, leaf), In(pids, leaf), In(quota, leaf), In(freezer, leaf)), limits);
            }
            else if (mounts.Unified(options.CgroupName, Environment.IsPrivilegedProcess) is { } unified)
            {
                pool = new CgroupPool([unified], leaf => new CgroupV2(Path.Combine(unified, leaf)), limits);
                if (Environment.IsPrivilegedProcess) CgroupMounts.Delegate(unified);
            }
            else
            {
                problem = "no control groups are mounted";
                return null;
            }
            // Is a group of ours one we can use, and for which limits?
            var group = pool.Make(out var unset);
            for (; unset is not null; unset = group.Create(pool._limits))
            {
                pool.Unset.Add(unset);
                pool._limits = pool._limits.Without(unset);
            }

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

    /// <summary>Which limits can't be set here, in a word each.</summary>
    public List<string> Unset { get; } = [];

    public Cgroup Take()
    {
        if (_free.TryTake(out var group)) return group;
        group = Make(out var unset);
        if (unset is null) return group;
        group.Remove();
        throw new StartException(FailureClass.Start, $"the command was not started: the worker could not limit its {unset} any more ({group.Names[0]}).");
    }

    private Cgroup Make(out string? unset)
    {
        var group = _make(_prefix + Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture));
        unset = group.Create(_limits);
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

    private static string? In(string? parent, string leaf) => parent is null ? null : Path.Combine(parent, leaf);

    [GeneratedRegex("^([0-9]+)-([0-9]+)-[0-9a-f]{8}-[0-9]+$", RegexOptions.CultureInvariant)]
    private static partial Regex LeafName();
}
