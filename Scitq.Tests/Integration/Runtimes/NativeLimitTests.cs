using System.Diagnostics;
using Scitq.Agent.Runtimes.Native;
using Scitq.Contracts;
using Scitq.Tests.Servers;
using Xunit;

namespace Scitq.Tests.Integration.Runtimes;

/// <summary>What one task may take of the machine.</summary>
[Trait("Level", "Integration")]
public sealed class NativeLimitTests
{
    private const string ForkBomb = "bomb() { bomb | bomb & }; bomb; sleep 2; echo over";

    [Fact(Timeout = 90_000)]
    public async Task A_fork_bomb_leaves_the_agent_and_its_other_tasks_working()
    {
        using var runs = Limited(new NativeOptions { CgroupName = "scitq-tests", ProcessLimit = 100 });
        var bomb = runs.Request("bash", "-c", ForkBomb);
        await using var bombing = await runs.StartAsync(bomb);
        for (var i = 0; i < 5; i++)
        {
            var (other, printed, _) = await runs.RunAsync("sh", "-c", "echo $(echo works)");
            Assert.Equal((0, "works\n"), (other.ExitCode, printed));
        }

        var exit = await bombing.Exit.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Contains("limit of processes", exit.Problem, StringComparison.Ordinal);
        Assert.Contains("fork", NativeRuns.Read(bomb.Directory.Stderr), StringComparison.Ordinal);
        Assert.Empty(NativeRuns.Processes($"bash -c {ForkBomb}"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_group_that_met_its_limit_serves_the_next_task_with_the_same_limit()
    {
        using var runs = Limited(new NativeOptions { CgroupName = "scitq-tests", ProcessLimit = 20 });
        for (var i = 0; i < 3; i++)
        {
            var (exit, _, _) = await runs.RunAsync("bash", "-c", "for i in {1..40}; do sleep 0.5 & done; wait");
            Assert.Contains("limit of processes", exit.Problem ?? "", StringComparison.Ordinal);
            (exit, _, _) = await runs.RunAsync("true");
            Assert.Equal((0, null), (exit.ExitCode, exit.Problem));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Processors_are_limited()
    {
        using var runs = Limited(new NativeOptions { CgroupName = "scitq-tests", CpuLimit = 0.2 });
        // One second of a processor takes five.
        var (exit, _, _) = await runs.RunAsync("sh", "-c", "timeout 2 sh -c 'while :; do :; done'; true");
        Assert.InRange(exit.CpuSeconds!.Value, 0.05, 0.9);
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_groups_the_accounts_processes_and_each_ones_memory_are_limited()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may take other ids.");
        using var runs = new NativeRuns(new NativeOptions { CgroupName = "", ProcessLimit = 37, MemoryLimit = 512 << 20 });
        var (exit, printed, _) = await runs.RunAsync(runs.Request(new TaskSpec { Argv = ["sh", "-c", "cat /proc/self/limits"], Uid = 13 }));
        Assert.Equal(0, exit.ExitCode);
        Assert.Matches("Max processes +37 +37 ", printed);
        Assert.Matches($"Max address space +{512 << 20} ", printed);
    }

    [Fact(Timeout = 30_000)]
    public void The_unified_hierarchy_is_told_the_same_limits()
    {
        // The kernel's files as they are there; this machine may have the other hierarchies.
        using var folder = new TestFolder();
        foreach (var file in (string[])["pids.max", "memory.max", "memory.swap.max", "cpu.max"]) File.WriteAllText(folder[file], "");
        var group = new CgroupV2(folder.Path);
        Assert.Null(group.Create(new CgroupLimits(4096, 1 << 30, 1.5)));
        Assert.Equal(["4096", "1073741824", "0", "150000 100000"],
            new[] { "pids.max", "memory.max", "memory.swap.max", "cpu.max" }.Select(file => File.ReadAllText(folder[file])));
        File.WriteAllText(folder["pids.events"], "max 3\n");
        Assert.True(group.Usage().ForksRefused);

        File.Delete(folder["memory.max"]);
        Assert.Equal(CgroupLimits.OfMemory, group.Create(new CgroupLimits(4096, 1 << 30, 1.5)));
        Assert.Null(group.Create(new CgroupLimits(4096, 1 << 30, 1.5).Without(CgroupLimits.OfMemory)));
    }

    [Fact(Timeout = 60_000)]
    public async Task The_kernels_own_unified_hierarchy_holds_and_counts_the_processes_of_a_task()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may mount.");
        using var folder = new TestFolder();
        var top = Directory.CreateDirectory(folder["unified"]).FullName;
        Assert.SkipUnless(await ExitCodeAsync("mount", "-t", "cgroup2", "none", top) == 0, "The unified hierarchy can't be mounted here.");
        var parent = Path.Combine(top, $"scitq-test-{Guid.NewGuid():N}");
        var group = new CgroupV2(Path.Combine(parent, "task"));
        try
        {
            Directory.CreateDirectory(parent);
            CgroupMounts.Delegate(parent);
            // Where the machine uses the other hierarchies as well, they may have the controllers.
            var limited = File.ReadAllText(Path.Combine(parent, "cgroup.controllers")).Contains("pids", StringComparison.Ordinal);
            Assert.Equal(limited ? null : CgroupLimits.OfProcesses, group.Create(new CgroupLimits(5)));

            const string Forks = "echo 0 >\"$0\"; for i in 1 2 3 4 5 6; do sleep 60 & done; wait";
            using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Forks, group.JoinFiles[0]]) { RedirectStandardError = true })!;
            await Eventually.Async(() => group.ProcessIds().Count() >= (limited ? 5 : 7), "its processes are in the group");
            Assert.False(group.IsEmpty);
            Assert.Equal(limited, group.Usage().ForksRefused);
            group.ForbidForks();
            foreach (var pid in group.ProcessIds()) _ = Scitq.Agent.Runtimes.Native.Posix.kill(pid, 9);
            await Eventually.Async(() => group.IsEmpty, "the group is empty");
            Assert.True(group.Usage().CpuSeconds > 0);
            Assert.Equal(["unified=" + Path.Combine(parent, "task")], Cgroup.Open(group.Names)!.Names);
        }
        finally
        {
            group.Remove();
            if (Directory.Exists(parent)) Directory.Delete(parent);
            await ExitCodeAsync("umount", top);
        }

        Assert.False(Directory.Exists(parent));
    }

    [Theory(Timeout = 30_000)]
    [InlineData("scitq", true, "/sys/fs/cgroup/scitq")]
    [InlineData("scitq", false, "/sys/fs/cgroup/scitq.service/scitq")]
    [InlineData("/other", false, "/sys/fs/cgroup/other")]
    public void In_the_unified_hierarchy_groups_with_limits_are_not_below_one_with_processes(string name, bool root, string expected)
    {
        // The group has to be there to be its parent's, or the mount is taken.
        var mounts = new CgroupMounts("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n", "0::/scitq.service\n");
        if (!Directory.Exists("/sys/fs/cgroup/scitq.service")) expected = expected.Replace("scitq.service/", "", StringComparison.Ordinal);
        Assert.Equal(expected, mounts.Unified(name, root));
    }

    private static async Task<int> ExitCodeAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private static NativeRuns Limited(NativeOptions options)
    {
        using var pool = CgroupPool.TryOpen(options, out var problem);
        Assert.SkipUnless(problem is null, $"No control groups here: {problem}");
        Assert.Empty(pool!.Unset);
        return new NativeRuns(options);
    }
}
