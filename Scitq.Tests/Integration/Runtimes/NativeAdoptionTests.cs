using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Native;
using Xunit;

namespace Scitq.Tests.Integration.Runtimes;

[Trait("Level", "Integration")]
public abstract class NativeAdoptionTests(string cgroup) : IDisposable
{
    private readonly NativeRuns _runs = new(new NativeOptions { CgroupName = cgroup });

    public void Dispose()
    {
        _runs.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_running_command_is_found_again_with_all_it_started()
    {
        var request = _runs.Request("sh", "-c", "(setsid sleep 98771 &); echo ready; until [ -e go ]; do sleep 0.05; done; exit 9");
        var first = await StartAndForgetAsync(request);
        await NativeRuns.PrintedAsync(request, "ready");
        await using var run = await AdoptAsync(request);
        Assert.InRange(run.Started, first.Started.AddSeconds(-2), first.Started.AddSeconds(2));
        Assert.False(run.Exit.IsCompleted);
        await File.WriteAllTextAsync(Path.Combine(request.Directory.Temp, "go"), "");
        Assert.Equal((9, null), await EndAsync(run));
        Assert.Empty(NativeRuns.Processes("sleep 98771"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_running_command_can_be_stopped_by_a_later_agent()
    {
        var request = _runs.Request("sh", "-c", "(setsid sleep 98772 &); trap '' TERM; echo ready; while :; do sleep 0.05; done");
        await StartAndForgetAsync(request);
        await NativeRuns.PrintedAsync(request, "ready");
        await using var run = await AdoptAsync(request);
        _ = run.StopAsync(TimeSpan.FromMilliseconds(200));
        Assert.Equal((137, null), await EndAsync(run));
        Assert.Empty(NativeRuns.Processes("sleep 98772"));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_ended_meanwhile_has_its_exit_code_and_leaves_nothing()
    {
        var request = _runs.Request("sh", "-c", "(setsid sleep 98773 &); exit 4");
        await StartAndForgetAsync(request);
        await EndOfShellAsync(request);
        await using var run = await AdoptAsync(request);
        Assert.Equal((4, null), await EndAsync(run));
        Assert.Empty(NativeRuns.Processes("sleep 98773"));
        await using var again = await AdoptAsync(request);
        Assert.Equal((4, null), await EndAsync(again));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_killed_supervisor_leaves_no_exit_code_but_a_reason()
    {
        var request = _runs.Request("sh", "-c", "echo ready; sleep 98774");
        await StartAndForgetAsync(request);
        await NativeRuns.PrintedAsync(request, "ready");
        Assert.Equal(0, Posix.kill(new RunRecord(request.Directory, 1).Started()!.Value.Pid, Posix.SigKill));
        await using var run = await AdoptAsync(request);
        var (code, problem) = await EndAsync(run);
        Assert.Null(code);
        Assert.Contains("was killed", problem, StringComparison.Ordinal);
        Assert.Empty(NativeRuns.Processes("sleep 98774"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_restart_of_the_machine_is_told()
    {
        var request = _runs.Request("true");
        await File.WriteAllTextAsync(new RunRecord(request.Directory, 1).StartedFile, $"{Environment.ProcessId} another-boot\n.\n");
        await using var run = await AdoptAsync(request);
        var (code, problem) = await EndAsync(run);
        Assert.Null(code);
        Assert.Contains("restarted", problem, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("")]
    [InlineData("12")]
    [InlineData("12 boot\n/sys")]
    public async Task Half_a_record_is_none(string text)
    {
        var request = _runs.Request("true");
        await File.WriteAllTextAsync(new RunRecord(request.Directory, 1).StartedFile, text);
        await File.WriteAllTextAsync(new RunRecord(request.Directory, 1).ExitFile, "1");
        await using var run = await AdoptAsync(request);
        Assert.Null((await EndAsync(run)).Code);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_process_that_has_got_the_number_is_not_taken_for_the_supervisor()
    {
        var request = _runs.Request("true");
        await File.WriteAllTextAsync(new RunRecord(request.Directory, 1).StartedFile, $"{Environment.ProcessId} {ProcessTable.BootId}\n.\n");
        await using var run = await AdoptAsync(request);
        Assert.Null((await EndAsync(run)).Code);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_was_never_started_is_not_found_and_can_not_start_late()
    {
        var request = _runs.Request("sh", "-c", "echo once");
        // A supervisor started by an agent that died before anything else happened.
        var late = Supervisor.Script(RunRecord.Next(request.Directory), null, null);
        Assert.Null(await _runs.Runtime.AdoptAsync(request, default));
        Assert.Null(await _runs.Runtime.AdoptAsync(request, default));
        var (exit, _, _) = await _runs.RunAsync("sh", "-c", late, "sh", "touch", Path.Combine(request.Directory.Temp, "late"));
        Assert.Equal(125, exit.ExitCode);
        Assert.Empty(Directory.GetFiles(request.Directory.Temp));

        // The next start does happen, and is found.
        Assert.Equal("once\n", (await _runs.RunAsync(request)).Out);
        await using var run = await AdoptAsync(request);
        Assert.Equal((0, null), await EndAsync(run));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("nothing")]
    [InlineData("root")]
    [InlineData("half")]
    [InlineData("no control")]
    [InlineData("fence")]
    [InlineData("file")]
    [InlineData("control is a file")]
    [InlineData("control is a link")]
    public async Task Killed_before_the_start_an_agent_leaves_what_the_next_can_tell(string state)
    {
        var request = _runs.Request("sh", "-c", "echo once");
        var directory = request.Directory;
        if (state is "nothing" or "root" or "half") Directory.Delete(directory.Root, recursive: true);
        if (state is "root" or "half") Directory.CreateDirectory(directory.Root);
        if (state is "half") Directory.CreateDirectory(directory.Output);
        if (state is "no control") Directory.Delete(directory.Control);
        if (state is "file") Directory.Delete(directory.Root, recursive: true);
        if (state is "file") await File.WriteAllTextAsync(directory.Root, "");
        if (state is "control is a file" or "control is a link") Directory.Delete(directory.Control);
        if (state is "control is a file") await File.WriteAllTextAsync(directory.Control, "");
        if (state is "control is a link") File.CreateSymbolicLink(directory.Control, directory.Output);
        if (state is "fence") Assert.Null(RunRecord.Last(directory));
        Assert.Null(await _runs.Runtime.AdoptAsync(request, default));
        Assert.Null(await _runs.Runtime.AdoptAsync(request, default));
        directory.Create(Ownership.Own);
        Assert.Equal("once\n", (await _runs.RunAsync(request)).Out);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("directory")]
    [InlineData("fifo")]
    [InlineData("link")]
    [InlineData("endless")]
    [InlineData("closed")]
    [InlineData("garbage")]
    public async Task Anything_in_place_of_the_record_of_a_start_is_a_start_whose_end_is_lost(string what)
    {
        var request = _runs.Request("true");
        var file = new RunRecord(request.Directory, 1).StartedFile;
        if (what == "directory") Directory.CreateDirectory(file);
        else if (what == "fifo") using (var made = System.Diagnostics.Process.Start("mkfifo", file)) await made.WaitForExitAsync();
        else if (what is "link" or "endless") File.CreateSymbolicLink(file, what == "link" ? "/nowhere" : "/dev/zero");
        else await File.WriteAllBytesAsync(file, [0, 255, 10, 10, 46, 10]);
        if (what == "closed") File.SetUnixFileMode(file, UnixFileMode.None);
        await using var run = await AdoptAsync(request);
        var (code, problem) = await EndAsync(run);
        Assert.Null(code);
        Assert.NotNull(problem);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_command_whose_directory_was_removed_is_stopped_and_not_run_again()
    {
        var request = _runs.Request("sh", "-c", "echo ready; sleep 98775");
        await StartAndForgetAsync(request);
        await NativeRuns.PrintedAsync(request, "ready");
        Directory.Delete(request.Directory.Root, recursive: true);
        await using var run = await AdoptAsync(request);
        var (code, problem) = await EndAsync(run);
        Assert.Null(code);
        Assert.Contains("removed while it ran", problem, StringComparison.Ordinal);
        Assert.Empty(NativeRuns.Processes("sleep 98775"));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_abandoned_ends_whatever_state_it_is_in()
    {
        var request = _runs.Request("sh", "-c", "(setsid sleep 98776 &); echo ready; sleep 98776");
        await StartAndForgetAsync(request);
        await NativeRuns.PrintedAsync(request, "ready");
        await _runs.Runtime.AbandonAsync(request, default);
        Assert.Empty(NativeRuns.Processes("sleep 98776"));
        await _runs.Runtime.AbandonAsync(_runs.Request("true"), default);
    }

    [Fact(Timeout = 60_000)]
    public async Task Between_start_and_record_either_the_agent_or_the_supervisor_decides()
    {
        for (var i = 0; i < 40; i++)
        {
            var request = _runs.Request("true");
            await StartAndForgetAsync(request);
            if (await _runs.Runtime.AdoptAsync(request, default) is not { } run)
            {
                Assert.Equal("never\n", await File.ReadAllTextAsync(new RunRecord(request.Directory, 1).StartedFile));
                continue;
            }
            Assert.Equal((0, null), await EndAsync(run));
            await run.DisposeAsync();
        }
    }

    private static async Task EndOfShellAsync(RunRequest request)
    {
        var record = new RunRecord(request.Directory, 1);
        for (var deadline = Environment.TickCount64 + 20_000; record.ExitCode() is null; await Task.Delay(10))
            Assert.True(Environment.TickCount64 < deadline, "The exit code was not recorded.");
    }

    private static async Task<(int? Code, string? Problem)> EndAsync(IRun run)
    {
        var exit = await run.Exit.WaitAsync(NativeRuns.Patience);
        return (exit.ExitCode, exit.Problem);
    }

    private async Task<IRun> StartAndForgetAsync(RunRequest request)
    {
        var run = await _runs.StartAsync(request);
        await run.DisposeAsync();
        _runs.Forget();
        return run;
    }

    private async Task<IRun> AdoptAsync(RunRequest request) =>
        await _runs.Runtime.AdoptAsync(request, TestContext.Current.CancellationToken) ?? throw new InvalidOperationException("Nothing was found.");
}

/// <summary>With control groups, which only root can make.</summary>
public sealed class NativeAdoptionTestsInCgroups() : NativeAdoptionTests("scitq-tests");

/// <summary>As an agent that is not root.</summary>
public sealed class NativeAdoptionTestsWithoutCgroups() : NativeAdoptionTests("");
