using System.Globalization;
using System.Text;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>One directory in each of several hierarchies. Its counters can be set back, so it serves one run after another.</summary>
internal sealed class CgroupV1(string memory, string? cpu, string? pids) : Cgroup
{
    // What earlier runs left charged (page cache) would count in the next one's peak.
    private const long MostLeftOver = 1024 * 1024;

    private bool _forksForbidden;

    // A single thread entering by itself spares the kernel its global lock, and us some milliseconds: so not cgroup.procs.
    public override IReadOnlyList<string> JoinFiles { get; } = [.. All(memory, cpu, pids).Select(d => d + "/tasks")];

    public override IReadOnlyList<string> Names { get; } =
        [.. All("memory=" + memory, cpu is null ? null : "cpuacct=" + cpu, pids is null ? null : "pids=" + pids)];

    // pids.current also counts processes that have ended and that nobody waits for.
    public override bool IsEmpty => pids is not null && Number(pids + "/pids.current") == 0 || !ProcessIds().Any();

    protected override IEnumerable<string> Directories => All(memory, cpu, pids);

    protected override string Processes => memory + "/cgroup.procs";

    public override void Create(long? memoryLimit)
    {
        base.Create(memoryLimit);
        if (memoryLimit is not { } limit) return;
        var bytes = Encoding.ASCII.GetBytes(limit.ToString(CultureInfo.InvariantCulture));
        if (!Posix.Write(memory + "/memory.limit_in_bytes", bytes))
            throw new IOException($"the memory limit of {limit} bytes could not be set in {memory}.");
        // Only where swap is accounted.
        _ = Posix.Write(memory + "/memory.memsw.limit_in_bytes", bytes);
    }

    public override void ForbidForks()
    {
        _forksForbidden = true;
        if (pids is not null) Posix.Write(pids + "/pids.max", "0"u8);
    }

    public override CgroupUsage Usage() => new(
        Number(memory + "/memory.max_usage_in_bytes"),
        cpu is null ? null : Number(cpu + "/cpuacct.usage") / 1e9,
        Number(memory + "/memory.oom_control", "oom_kill") > 0);

    public override bool TryReset()
    {
        if (Number(memory + "/memory.usage_in_bytes") is not <= MostLeftOver || Number(memory + "/memory.oom_control", "oom_kill") > 0) return false;
        if (_forksForbidden && pids is not null && !Posix.Write(pids + "/pids.max", "max"u8)) return false;
        _forksForbidden = false;
        if (cpu is not null && !Posix.Write(cpu + "/cpuacct.usage", "0"u8)) return false;
        return Posix.Write(memory + "/memory.max_usage_in_bytes", "0"u8);
    }

    private static IEnumerable<string> All(params string?[] directories) => directories.OfType<string>();
}
