namespace Scitq.Agent.Runtimes.Native;

/// <summary>One directory of the unified hierarchy; it serves one run, since its peak can't be set back for all to see.</summary>
internal sealed class CgroupV2(string directory) : Cgroup
{
    public override IReadOnlyList<string> JoinFiles { get; } = [directory + "/cgroup.procs"];

    public override IReadOnlyList<string> Names { get; } = ["unified=" + directory];

    public override bool IsEmpty => Number(directory + "/cgroup.events", "populated") is 0 or null;

    protected override IEnumerable<string> Directories => [directory];

    protected override string Processes => directory + "/cgroup.procs";

    protected override string? Limit(CgroupLimits limits) =>
        limits.Processes is not null && !Write(directory + "/pids.max", limits.ProcessesText) ? CgroupLimits.OfProcesses
        : limits.MemoryText is { } memory && !LimitMemory(memory) ? CgroupLimits.OfMemory
        : limits.CpuQuotaText is { } quota && !Write(directory + "/cpu.max", $"{quota} {CgroupLimits.CpuPeriod}") ? CgroupLimits.OfCpus
        : null;

    // Where the pids controller is not at hand, KILL is repeated until nothing is left.
    public override void ForbidForks() => _ = Posix.Write(directory + "/pids.max", "0"u8);

    public override bool TryFreeze(Func<IEnumerable<int>> processes) => Write(directory + "/cgroup.freeze", "1");

    public override bool Thaw() => Number(directory + "/cgroup.freeze") == 1 && Write(directory + "/cgroup.freeze", "0");

    public override CgroupUsage Usage() => new(
        Number(directory + "/memory.peak"),
        Number(directory + "/cpu.stat", "usage_usec") / 1e6,
        Number(directory + "/memory.events", "oom_kill") > 0,
        Number(directory + "/pids.events", "max") > 0);

    public override bool TryReset() => false;

    private bool LimitMemory(string bytes)
    {
        // Only where there is swap, which would hold what is too much.
        _ = Write(directory + "/memory.swap.max", "0");
        return Write(directory + "/memory.max", bytes);
    }
}
