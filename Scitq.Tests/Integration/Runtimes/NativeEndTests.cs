using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Native;
using Xunit;

namespace Scitq.Tests.Integration.Runtimes;

[Trait("Level", "Integration")]
public abstract class NativeEndTests(string cgroup) : IDisposable
{
    private readonly NativeRuns _runs = new(new NativeOptions { CgroupName = cgroup });

    public void Dispose()
    {
        _runs.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("KILL", 137)]
    [InlineData("SEGV", 139)]
    [InlineData("TERM", 143)]
    public async Task A_signal_is_128_and_its_number(string signal, int code)
    {
        var (exit, _, error) = await _runs.RunAsync("sh", "-c", $"kill -{signal} $$");
        Assert.Equal((code, "", false), (exit.ExitCode, error, exit.OomKilled));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_command_that_signals_its_group_does_not_lose_its_exit_code()
    {
        Assert.Equal(143, (await _runs.RunAsync("sh", "-c", "kill -TERM 0; sleep 5")).Exit.ExitCode);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_supervisor_killed_with_its_group_leaves_no_exit_code_and_no_process()
    {
        var (exit, _, _) = await _runs.RunAsync("sh", "-c", "(setsid sleep 98761 &); kill -KILL 0");
        Assert.Null(exit.ExitCode);
        Assert.Contains("killed by signal 9", exit.Problem, StringComparison.Ordinal);
        Assert.Empty(NativeRuns.Processes("sleep 98761"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Stop_sends_TERM_to_all_and_waits_for_them()
    {
        var request = _runs.Request("sh", "-c",
            "trap 'echo main; exit 5' TERM; (trap 'sleep 0.3; echo child; exit' TERM; echo ready; while :; do sleep 0.05; done) & while :; do sleep 0.05; "
            + "done");
        await using var run = await _runs.StartAsync(request);
        await NativeRuns.PrintedAsync(request, "ready");
        _ = run.StopAsync(TimeSpan.FromSeconds(10));
        _ = run.StopAsync(TimeSpan.FromSeconds(10));
        var exit = await run.Exit.WaitAsync(NativeRuns.Patience);
        Assert.Equal((5, "ready\nmain\nchild\n"), (exit.ExitCode, NativeRuns.Read(request.Directory.Stdout)));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_ignores_TERM_is_killed_after_the_grace()
    {
        var request = _runs.Request("sh", "-c", "trap '' TERM; echo ready; sleep 98762; sleep 98762");
        await using var run = await _runs.StartAsync(request);
        await NativeRuns.PrintedAsync(request, "ready");
        var since = TimeProvider.System.GetTimestamp();
        _ = run.StopAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(137, (await run.Exit.WaitAsync(NativeRuns.Patience)).ExitCode);
        Assert.InRange(TimeProvider.System.GetElapsedTime(since).TotalSeconds, 1, 10);
        Assert.Empty(NativeRuns.Processes("sleep 98762"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Stop_reaches_a_command_that_is_suspended_or_has_only_just_begun()
    {
        var request = _runs.Request("sh", "-c", "kill -STOP $$");
        await using var suspended = await _runs.StartAsync(request);
        await using var young = await _runs.StartAsync(_runs.Request("sleep", "98763"));
        _ = suspended.StopAsync(TimeSpan.FromSeconds(15));
        _ = young.StopAsync(TimeSpan.FromSeconds(15));
        Assert.Equal(143, (await young.Exit.WaitAsync(TimeSpan.FromSeconds(10))).ExitCode);
        await suspended.Exit.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact(Timeout = 60_000)]
    public async Task Daemons_are_gone_with_the_command()
    {
        var (exit, printed, _) = await _runs.RunAsync("sh", "-c",
            "(setsid sleep 98764 &); (sleep 98764 &); (setsid sh -c 'sleep 98764 & sleep 98764' &) ; sleep 0.2; echo done");
        Assert.Equal((0, "done\n"), (exit.ExitCode, printed));
        Assert.Empty(NativeRuns.Processes("sleep 98764"));
    }

    [Fact(Timeout = 120_000)]
    public async Task Hundreds_run_at_once_and_leave_no_descriptor()
    {
        await _runs.RunAsync("true");
        var before = Directory.GetFiles("/proc/self/fd").Length;
        var runs = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => Task.Run(() => _runs.RunAsync("sh", "-c", $"echo {i}; sleep 1; exit {i % 100}"))));
        for (var i = 0; i < runs.Length; i++) Assert.Equal((i % 100, $"{i}\n"), (runs[i].Exit.ExitCode, runs[i].Out));
        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, before + 30);
    }
}

/// <summary>With control groups, which only root can make.</summary>
public sealed class NativeEndTestsInCgroups() : NativeEndTests("scitq-tests");

/// <summary>As an agent that is not root.</summary>
public sealed class NativeEndTestsWithoutCgroups() : NativeEndTests("");
