using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Native;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Runtimes;

/// <summary>Commands that stand still: frozen by a control group, or stopped by signals where there is none.</summary>
[Trait("Level", "Integration")]
public sealed class NativeStandstillTests
{
    private const string Counts = "trap 'echo terminated; exit 3' TERM; (while :; do echo child; sleep 0.02; done) & while :; do echo line; sleep 0.02; done";

    [Theory(Timeout = 60_000)]
    [InlineData("scitq-tests"), InlineData("")]
    public async Task A_suspended_command_and_its_children_do_nothing_until_they_go_on(string group)
    {
        using var runs = Runs(group);
        var request = runs.Request("sh", "-c", Counts);
        await using var run = await runs.StartAsync(request);
        await NativeRuns.PrintedAsync(request, "child");

        await run.SuspendAsync();
        await run.SuspendAsync();
        Assert.All(run.ProcessIds.ToList(), pid => Assert.False(ProcessTable.Moves(pid) && group == "", $"{pid} moves"));
        var before = CpuTicks(run);
        var length = new FileInfo(request.Directory.Stdout).Length;
        // Long enough that one that moves would print ten times.
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.Equal((length, before), (new FileInfo(request.Directory.Stdout).Length, CpuTicks(run)));
        Assert.False(run.Exit.IsCompleted);

        await run.ContinueAsync();
        await run.ContinueAsync();
        await Eventually.Async(() => new FileInfo(request.Directory.Stdout).Length > length, "it goes on");
        await run.StopAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(3, (await run.Exit.WaitAsync(NativeRuns.Patience)).ExitCode);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("scitq-tests", 20, 3), InlineData("", 20, 3), InlineData("scitq-tests", 0, 137), InlineData("", 0, 137)]
    public async Task A_suspended_command_is_stopped_as_any_other(string group, int grace, int code)
    {
        using var runs = Runs(group);
        var request = runs.Request("sh", "-c", Counts);
        await using var run = await runs.StartAsync(request);
        await NativeRuns.PrintedAsync(request, "child");
        await run.SuspendAsync();
        await run.StopAsync(TimeSpan.FromSeconds(grace)).WaitAsync(NativeRuns.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(code, (await run.Exit.WaitAsync(NativeRuns.Patience)).ExitCode);
        await run.SuspendAsync();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("scitq-tests"), InlineData("")]
    public async Task The_next_agent_lets_a_suspended_command_go_on(string group)
    {
        using var runs = Runs(group);
        var request = runs.Request("sh", "-c", "echo begun; read x </dev/null; while [ ! -e go ]; do sleep 0.02; done; exit 7");
        await using var run = await runs.StartAsync(request);
        await NativeRuns.PrintedAsync(request, "begun");
        await run.SuspendAsync();
        runs.Forget();
        await using var adopted = (await runs.Runtime.AdoptAsync(request, TestContext.Current.CancellationToken))!;
        await File.WriteAllTextAsync(Path.Combine(request.Directory.Temp, "go"), "", TestContext.Current.CancellationToken);
        await adopted.SuspendAsync();
        await adopted.ContinueAsync();
        Assert.Equal(7, (await adopted.Exit.WaitAsync(NativeRuns.Patience)).ExitCode);
    }

    private static NativeRuns Runs(string group) => new(new NativeOptions { CgroupName = group });

    private static long CpuTicks(IRun run) => run.ProcessIds.Sum(pid =>
        File.ReadAllText($"/proc/{pid}/stat").Split(')')[^1].Split(' ')[12..14].Sum(t => long.Parse(t, System.Globalization.CultureInfo.InvariantCulture)));
}
