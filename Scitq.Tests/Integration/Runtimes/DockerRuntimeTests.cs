using System.Diagnostics;
using Scitq.Agent.Runtimes;
using Scitq.Contracts;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Runtimes;

[Trait("Level", "Integration")]
public sealed class DockerRuntimeTests(DockerFixture docker) : IClassFixture<DockerFixture>
{
    private const int Limit = 120_000;

    [Fact(Timeout = Limit)]
    public async Task A_command_runs_with_its_words_exact_its_streams_apart_and_leaves_no_container()
    {
        var request = docker.Request("sh", "-c", "printf '%s|' \"$@\"; echo err >&2; exit 7", "sh", "a b", "'\"$HOME", "", "é\n*");
        var (exit, stdout, stderr) = await docker.RunAsync(request);
        Assert.Equal(7, exit.ExitCode);
        Assert.Equal("a b|'\"$HOME||é\n*|", stdout);
        Assert.Equal("err\n", stderr);
        Assert.False(exit.OomKilled);
        Assert.Null(exit.Problem);
        Assert.False(await docker.ExistsAsync(request));
    }

    [Fact(Timeout = Limit)]
    public async Task The_directories_are_mounted_and_the_resources_can_not_be_written()
    {
        var request = docker.Shell("cat /input/in /resource/res; echo out > /output/out; echo tmp > /tmp/t; touch /resource/x");
        await File.WriteAllTextAsync(Path.Combine(request.Directory.Input, "in"), "in ");
        await File.WriteAllTextAsync(Path.Combine(request.Directory.Resource, "res"), "res");
        var (exit, stdout, stderr) = await docker.RunAsync(request);
        Assert.Equal(1, exit.ExitCode);
        Assert.Equal("in res", stdout);
        Assert.Contains("Read-only file system", stderr, StringComparison.Ordinal);
        Assert.Equal("out\n", await File.ReadAllTextAsync(Path.Combine(request.Directory.Output, "out")));
        Assert.True(File.Exists(Path.Combine(request.Directory.Temp, "t")));
    }

    [Fact(Timeout = Limit)]
    public async Task The_environment_is_the_tasks_alone()
    {
        var request = docker.Shell("env | sort", "-e B=option -e C=3");
        request = request with { Spec = request.Spec with { Env = new Dictionary<string, string> { ["A"] = "1", ["B"] = "spec" } } };
        var (_, stdout, _) = await docker.RunAsync(request);
        Assert.Contains("CPU=2\n", stdout, StringComparison.Ordinal);
        Assert.Contains("INPUT=/input\n", stdout, StringComparison.Ordinal);
        Assert.Contains("OUTPUT=/output\n", stdout, StringComparison.Ordinal);
        Assert.Contains("RESOURCE=/resource\n", stdout, StringComparison.Ordinal);
        Assert.Contains("TEMP=/tmp\n", stdout, StringComparison.Ordinal);
        Assert.Contains("SCITQ_TASK_ID=7\n", stdout, StringComparison.Ordinal);
        Assert.Contains("A=1\nB=option\nC=3\n", stdout, StringComparison.Ordinal);
        Assert.DoesNotContain("SCITQ_TEST", stdout, StringComparison.Ordinal);
    }

    [Theory(Timeout = Limit)]
    [InlineData(1234, 5678, "1234:5678")]
    [InlineData(1234, null, "1234:0")]
    [InlineData(null, 5678, "0:5678")]
    public async Task A_task_runs_as_the_ids_it_names(int? uid, int? gid, string expected)
    {
        var request = docker.Shell("echo $(id -u):$(id -g); touch /output/mine");
        request = request with { Spec = request.Spec with { Uid = uid, Gid = gid } };
        var (exit, stdout, _) = await docker.RunAsync(request);
        Assert.Equal(0, exit.ExitCode);
        Assert.Equal(expected + "\n", stdout);
    }

    [Theory(Timeout = Limit)]
    [InlineData("--entrypoint /bin/echo", "sh -c echo hi\n")]
    [InlineData("-w /output", "hi\n")]
    [InlineData("--network none --cap-drop ALL --read-only --ulimit nofile=64:64 --shm-size 16m -m 64m --cpus 0.5 --init=false", "hi\n")]
    [InlineData("--tmpfs /tmp:size=1m -v /scratchpad --mount type=tmpfs,target=/t,tmpfs-size=1m -l a=b --add-host x:10.0.0.1 --pids-limit 50", "hi\n")]
    public async Task Options_reach_the_engine(string options, string expected)
    {
        var (exit, stdout, stderr) = await docker.RunAsync(docker.Shell("echo hi", options));
        Assert.Equal((0, ""), (exit.ExitCode, stderr));
        Assert.Equal(expected, stdout);
    }

    [Fact(Timeout = Limit)]
    public async Task An_image_without_a_command_of_the_task_runs_its_own()
    {
        var (exit, stdout, _) = await docker.RunAsync(docker.Request());
        Assert.Equal((0, ""), (exit.ExitCode, stdout));
    }

    [Fact(Timeout = Limit)]
    public async Task Nothing_a_very_short_command_prints_is_lost()
    {
        for (var i = 0; i < 12; i++)
        {
            var (exit, stdout, stderr) = await docker.RunAsync(docker.Shell($"printf {i}; printf e{i} >&2"));
            Assert.Equal((0, $"{i}", $"e{i}"), (exit.ExitCode, stdout, stderr));
        }
    }

    [Theory(Timeout = Limit)]
    [InlineData("exit 125", 125)]
    [InlineData("exit 126", 126)]
    [InlineData("exit 127", 127)]
    [InlineData("kill -9 $$", 137)]
    [InlineData("kill -15 $$", 143)]
    public async Task The_commands_own_exit_code_is_kept(string script, int code) =>
        Assert.Equal(code, (await docker.RunAsync(docker.Shell(script))).Exit.ExitCode);

    [Theory(Timeout = Limit)]
    [InlineData("tail /dev/zero", 137)]
    [InlineData("tail /dev/zero; exit 0", 0)]
    public async Task Want_of_memory_is_told_apart_from_the_exit_code(string script, int code)
    {
        var (exit, _, _) = await docker.RunAsync(docker.Shell("sleep 1; " + script, "-m 32m --memory-swap 32m"));
        Assert.Equal(code, exit.ExitCode);
        Assert.True(exit.OomKilled);
        Assert.Contains("memory", exit.Problem, StringComparison.Ordinal);
    }

    [Theory(Timeout = Limit)]
    [InlineData("nosuchprogram", "--init=false", "nosuchprogram")]
    [InlineData("sh", "--gpus all", "could not select device driver")]
    [InlineData("sh", "-v /nosuch/dir/at/all:/x:shared", "shared")]
    [InlineData("sh", "--network nosuchnetwork", "nosuchnetwork")]
    [InlineData("sh", "--nope", "--nope")]
    public async Task What_can_not_start_says_why_and_leaves_nothing(string program, string options, string said)
    {
        var request = docker.Shell("", options);
        request = request with { Spec = request.Spec with { Argv = [program] } };
        var e = await Assert.ThrowsAsync<StartException>(() => docker.RunAsync(request));
        Assert.Equal(FailureClass.Start, e.Failure);
        Assert.Contains(said, e.Message, StringComparison.Ordinal);
        Assert.False(await docker.ExistsAsync(request));
    }

    [Fact(Timeout = Limit)]
    public async Task A_program_that_is_not_in_the_image_is_named()
    {
        var (exit, _, _) = await docker.RunAsync(docker.Request("nosuchprogram"));
        Assert.Equal(127, exit.ExitCode);
        Assert.Contains("'nosuchprogram' is not in the image", exit.Problem, StringComparison.Ordinal);
        Assert.Null((await docker.RunAsync(docker.Shell("exit 127"))).Exit.Problem);
    }

    [Fact(Timeout = Limit)]
    public async Task A_word_the_kernel_can_not_take_is_refused()
    {
        var e = await Assert.ThrowsAsync<StartException>(() => docker.RunAsync(docker.Request("echo", new string('x', 131072))));
        Assert.Contains("131072 bytes", e.Message, StringComparison.Ordinal);
        var (exit, stdout, _) = await docker.RunAsync(docker.Request("echo", new string('x', 131071)));
        Assert.Equal((0, 131072), (exit.ExitCode, stdout.Length));
    }

    [Fact(Timeout = Limit)]
    public async Task A_restricted_worker_refuses_host_directories()
    {
        var e = await Assert.ThrowsAsync<StartException>(() => docker.RunAsync(docker.Shell("ls /h", "-v /:/h"), docker.Runtime(restricted: true)));
        Assert.Contains("not allowed on this worker", e.Message, StringComparison.Ordinal);
    }

    [Theory(Timeout = Limit)]
    [InlineData("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.1; done", 20, 3)]
    [InlineData("trap '' TERM; echo up; while :; do sleep 0.1; done", 1, 137)]
    [InlineData("trap '' TERM; echo up; while :; do sleep 0.1; done", 0, 137)]
    public async Task Stopping_is_gentle_first(string script, int grace, int code)
    {
        var request = docker.Shell(script);
        await using var run = await docker.Runtime().StartAsync(request, _ => { }, TestContext.Current.CancellationToken);
        await Printed(request, "up");
        var since = Stopwatch.StartNew();
        _ = run.StopAsync(TimeSpan.FromSeconds(grace));
        _ = run.StopAsync(TimeSpan.FromSeconds(grace));
        Assert.Equal(code, (await run.Exit).ExitCode);
        Assert.InRange(since.Elapsed.TotalSeconds, 0, 15);
    }

    [Fact(Timeout = Limit)]
    public async Task A_dozen_containers_at_a_time_can_all_be_heard_and_stopped()
    {
        var requests = Enumerable.Range(0, 12).Select(_ => docker.Shell("echo up; sleep 600")).ToList();
        var runs = await Task.WhenAll(requests.Select(r => docker.Runtime().StartAsync(r, _ => { }, TestContext.Current.CancellationToken)));
        foreach (var request in requests) await Printed(request, "up");
        foreach (var run in runs) _ = run.StopAsync(TimeSpan.Zero);
        foreach (var run in runs) Assert.Equal(137, (await run.Exit).ExitCode);
        foreach (var run in runs) await run.DisposeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task A_paused_container_can_be_stopped()
    {
        var request = docker.Shell("echo up; sleep 600");
        await using var run = await docker.Runtime().StartAsync(request, _ => { }, TestContext.Current.CancellationToken);
        await Printed(request, "up");
        await docker.CliAsync("pause", $"scitq-{request.Key.Lease}");
        _ = run.StopAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(143, (await run.Exit).ExitCode);
    }

    [Fact(Timeout = Limit)]
    public async Task A_container_removed_by_somebody_else_has_no_exit_code()
    {
        var request = docker.Shell("echo up; sleep 600");
        await using var run = await docker.Runtime().StartAsync(request, _ => { }, TestContext.Current.CancellationToken);
        await Printed(request, "up");
        await docker.CliAsync("rm", "-f", $"scitq-{request.Key.Lease}");
        var exit = await run.Exit;
        Assert.True(exit.ExitCode is null or 137, $"{exit}");
    }

    [Fact(Timeout = Limit)]
    public async Task The_figures_of_a_longer_command_are_known()
    {
        var (exit, _, _) = await docker.RunAsync(docker.Shell("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; sleep 2"));
        Assert.True(exit.PeakMemory > 100_000, $"{exit}");
        Assert.True(exit.CpuSeconds > 0, $"{exit}");
    }

    [Fact(Timeout = Limit)]
    public async Task The_engine_tells_its_version()
    {
        Assert.NotNull(await docker.Runtime().VersionAsync(TestContext.Current.CancellationToken));
        using var nowhere = DockerFixture.At("unix:///nonexistent/docker.sock");
        Assert.Null(await docker.Runtime(of: nowhere).VersionAsync(TestContext.Current.CancellationToken));
        var e = await Assert.ThrowsAsync<StartException>(() => docker.RunAsync(docker.Shell(""), docker.Runtime(of: nowhere)));
        Assert.Contains("unix:///nonexistent/docker.sock", e.Message, StringComparison.Ordinal);
    }

    internal static Task Printed(RunRequest request, string text) => Eventually.Async(
        () => File.Exists(request.Directory.Stdout) && File.ReadAllText(request.Directory.Stdout).Contains(text, StringComparison.Ordinal),
        $"it printed {text}", TimeSpan.FromSeconds(30));
}
