using System.Globalization;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>One directory in each of several hierarchies. Its counters can be set back, so it serves one run after another.</summary>
internal sealed class CgroupV1(string memory, string? cpu, string? pids, string? quota = null, string? freezer = null) : Cgroup
{
    private const int MostTries = 100;

    // Page cache that earlier runs have left charged would count in the next one's peak.
    private const long MostLeftOver = 1024 * 1024;

    private bool _forksForbidden;
    private string _processes = "max";
    // Of one that an earlier agent made it is not known how often it had refused before.
    private long _refused = long.MaxValue;

    // A single thread entering by itself spares the kernel its global lock, and us some milliseconds: so not cgroup.procs.
    public override IReadOnlyList<string> JoinFiles { get; } = [.. All(memory, cpu, pids, quota).Select(d => d + "/tasks")];

    public override IReadOnlyList<string> Names { get; } =
        [.. All("memory=" + memory, cpu is null ? null : "cpuacct=" + cpu, pids is null ? null : "pids=" + pids, quota is null ? null : "cpu=" + quota,
            freezer is null ? null : "freezer=" + freezer)];

    // pids.current also counts processes that have ended and that nobody waits for.
    public override bool IsEmpty => pids is not null && Number(pids + "/pids.current") == 0 || !ProcessIds().Any();

    protected override IEnumerable<string> Directories => All(memory, cpu, pids, quota);

    protected override IEnumerable<string> Occasional => All(freezer);

    protected override string Processes => memory + "/cgroup.procs";

    protected override string? Limit(CgroupLimits limits)
    {
        (_processes, _refused) = (limits.ProcessesText, 0);
        if (limits.Processes is not null && (pids is null || !Write(pids + "/pids.max", _processes))) return CgroupLimits.OfProcesses;
        if (limits.MemoryText is { } bytes)
        {
            if (!Write(memory + "/memory.limit_in_bytes", bytes)) return CgroupLimits.OfMemory;
            // Only where swap is accounted.
            _ = Write(memory + "/memory.memsw.limit_in_bytes", bytes);
        }

        return limits.CpuQuotaText is not { } most
            || (quota is not null && Write(quota + "/cpu.cfs_period_us", $"{CgroupLimits.CpuPeriod}") && Write(quota + "/cpu.cfs_quota_us", most))
            ? null : CgroupLimits.OfCpus;
    }

    public override void ForbidForks()
    {
        _forksForbidden = true;
        if (pids is not null) Posix.Write(pids + "/pids.max", "0"u8);
    }

    /// <summary>
    /// The hierarchy that freezes is another one: most runs are never suspended, so a group is made there, and entered, only by those that are.
    /// </summary>
    public override bool TryFreeze(Func<IEnumerable<int>> processes)
    {
        if (freezer is null || !TryMake(freezer) || !Write(freezer + "/freezer.state", "FROZEN")) return false;
        // What is forked before its parent is reached is found the next time; what has been frozen forks no more.
        for (var tries = 0; processes().Except(ProcessIds(freezer + "/cgroup.procs")).Where(ProcessTable.Moves).ToList() is { Count: > 0 } outside; tries++)
        {
            if (tries == MostTries) throw new IOException($"{outside.Count} processes of the command could not be frozen in {freezer}");
            foreach (var pid in outside) _ = Write(freezer + "/cgroup.procs", pid.ToString(CultureInfo.InvariantCulture));
        }

        return true;
    }

    public override bool Thaw() =>
        freezer is not null && Posix.Read(freezer + "/freezer.state") is { } state && !state.AsSpan().StartsWith("THAWED"u8)
        && Write(freezer + "/freezer.state", "THAWED");

    public override CgroupUsage Usage() => new(
        Number(memory + "/memory.max_usage_in_bytes"),
        cpu is null ? null : Number(cpu + "/cpuacct.usage") / 1e9,
        Number(memory + "/memory.oom_control", "oom_kill") > 0,
        pids is not null && Number(pids + "/pids.events", "max") > _refused);

    public override bool TryReset()
    {
        if (Number(memory + "/memory.usage_in_bytes") is not <= MostLeftOver || Number(memory + "/memory.oom_control", "oom_kill") > 0) return false;
        if (_forksForbidden && pids is not null && !Write(pids + "/pids.max", _processes)) return false;
        if (pids is not null) _refused = Number(pids + "/pids.events", "max") ?? 0;
        _forksForbidden = false;
        if (cpu is not null && !Posix.Write(cpu + "/cpuacct.usage", "0"u8)) return false;
        return Posix.Write(memory + "/memory.max_usage_in_bytes", "0"u8);
    }

    private static bool TryMake(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // This agent may not, so the processes are stopped by signals.
            return false;
        }
    }

    // Hierarchies that are mounted together are one directory.
    private static IEnumerable<string> All(params string?[] directories) => directories.OfType<string>().Distinct();
}
