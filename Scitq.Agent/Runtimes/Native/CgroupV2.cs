using System.Globalization;
using System.Text;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>One directory of the unified hierarchy; it serves one run, since its peak can't be set back for all to see.</summary>
internal sealed class CgroupV2(string directory) : Cgroup
{
    public override IReadOnlyList<string> JoinFiles { get; } = [directory + "/cgroup.procs"];

    public override IReadOnlyList<string> Names { get; } = ["unified=" + directory];

    public override bool IsEmpty => Number(directory + "/cgroup.events", "populated") is 0 or null;

    protected override IEnumerable<string> Directories => [directory];

    protected override string Processes => directory + "/cgroup.procs";

    public override void Create(long? memoryLimit)
    {
        base.Create(memoryLimit);
        if (memoryLimit is { } limit
            && !Posix.Write(directory + "/memory.max", Encoding.ASCII.GetBytes(limit.ToString(CultureInfo.InvariantCulture))))
            throw new IOException($"the memory limit of {limit} bytes could not be set in {directory}.");
    }

    // Where the pids controller is not at hand, KILL is repeated until nothing is left.
    public override void ForbidForks() => _ = Posix.Write(directory + "/pids.max", "0"u8);

    public override CgroupUsage Usage() => new(
        Number(directory + "/memory.peak"),
        Number(directory + "/cpu.stat", "usage_usec") / 1e6,
        Number(directory + "/memory.events", "oom_kill") > 0);

    public override bool TryReset() => false;
}
