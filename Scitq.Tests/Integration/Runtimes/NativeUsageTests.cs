using Scitq.Agent.Runtimes.Native;
using Xunit;

namespace Scitq.Tests.Integration.Runtimes;

[Trait("Level", "Integration")]
public sealed class NativeUsageTests
{
    private const string Take200MiB = "dd if=/dev/zero of=/dev/null bs=200M count=1 2>/dev/null";

    [Fact(Timeout = 60_000)]
    public async Task Memory_and_processor_time_are_those_of_the_run_alone()
    {
        using var runs = Groups();
        var (big, _, _) = await runs.RunAsync("sh", "-c", Take200MiB + "; i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done");
        var (small, _, _) = await runs.RunAsync("true");
        Assert.InRange(big.PeakMemory!.Value, 200L << 20, 300L << 20);
        Assert.InRange(big.CpuSeconds!.Value, 0.05, 20);
        Assert.InRange(small.PeakMemory!.Value, 1, 30L << 20);
        Assert.InRange(small.CpuSeconds!.Value, 0.00001, 0.05);
        Assert.False(big.OomKilled);
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_groups_the_largest_process_is_told_if_it_is_larger_than_the_agent()
    {
        using var runs = new NativeRuns(new NativeOptions { CgroupName = "" });
        var mebibytes = (System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64 >> 20) + 200;
        var (exit, _, _) = await runs.RunAsync("sh", "-c", $"dd if=/dev/zero of=/dev/null bs={mebibytes}M count=1 iflag=fullblock 2>/dev/null");
        Assert.InRange(exit.PeakMemory!.Value, mebibytes << 20, (mebibytes + 100) << 20);
        Assert.NotNull(exit.CpuSeconds);
        var (small, _, _) = await runs.RunAsync("true");
        Assert.Null(small.PeakMemory);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("exec " + Take200MiB, 137)]
    [InlineData(Take200MiB + "; exit 0", 0)]
    public async Task A_kill_for_want_of_memory_is_told_from_others(string script, int code)
    {
        using var runs = Groups(64 << 20);
        var (exit, _, _) = await runs.RunAsync("sh", "-c", script);
        Assert.Equal((code, true), (exit.ExitCode, exit.OomKilled));
        (exit, _, _) = await runs.RunAsync("sh", "-c", "kill -KILL $$");
        Assert.Equal((137, false), (exit.ExitCode, exit.OomKilled));
    }

    private static NativeRuns Groups(long? limit = null)
    {
        var options = new NativeOptions { CgroupName = "scitq-tests", MemoryLimit = limit };
        using var pool = CgroupPool.TryOpen(options, out var problem);
        Assert.SkipUnless(problem is null, $"No control groups here: {problem}");
        return new NativeRuns(options);
    }
}
