using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Docker;
using Scitq.Agent.Disk;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Runtimes;

[Trait("Level", "Integration")]
public sealed class DockerAdoptionTests(DockerFixture docker) : IClassFixture<DockerFixture>
{
    private const int Limit = 180_000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task What_was_printed_while_no_agent_listened_is_found_again_exactly_once()
    {
        var request = docker.Shell("i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo $i; echo e$i >&2; sleep 0.1; done; printf end; exit 9");
        var first = await docker.Runtime().StartAsync(request, _ => { }, Ct);
        await DockerRuntimeTests.Printed(request, "5\n");
        await first.DisposeAsync();
        Assert.False(first.Exit.IsCompleted);
        await Task.Delay(TimeSpan.FromSeconds(1), Ct);       // the gap itself
        await using var second = await docker.Runtime().AdoptAsync(request, Ct);
        Assert.NotNull(second);
        Assert.Equal(9, (await second.Exit).ExitCode);
        var numbers = Enumerable.Range(1, 40).Select(i => i.ToString(CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(string.Join('\n', numbers) + "\nend", await File.ReadAllTextAsync(request.Directory.Stdout));
        Assert.Equal(string.Concat(numbers.Select(n => $"e{n}\n")), await File.ReadAllTextAsync(request.Directory.Stderr));
        Assert.False(await docker.ExistsAsync(request));
        Assert.InRange(second.Started, first.Started.AddSeconds(-5), first.Started.AddSeconds(5));
    }

    [Fact(Timeout = Limit)]
    public async Task A_container_that_ended_unwatched_is_adopted_with_all_it_printed()
    {
        var request = docker.Shell("printf a; sleep 1; printf '\\377b'; exit 4");
        await (await docker.Runtime().StartAsync(request, _ => { }, Ct)).DisposeAsync();
        await Eventually.Async(async () =>
            (await docker.CliAsync("inspect", "-f", "{{.State.Status}}", $"scitq-{request.Key.Lease}")).Trim() == "exited", "it ended");
        await using var run = await docker.Runtime().AdoptAsync(request, Ct);
        Assert.Equal(4, (await run!.Exit).ExitCode);
        Assert.Equal([(byte)'a', 0xFF, (byte)'b'], await File.ReadAllBytesAsync(request.Directory.Stdout));

        // The container is gone now; an agent that died before it noted the end still learns of it.
        await using var again = await docker.Runtime().AdoptAsync(request, Ct);
        Assert.Equal(4, (await again!.Exit).ExitCode);
    }

    [Fact(Timeout = Limit)]
    public async Task Output_beyond_what_the_engine_keeps_continues_after_the_last_line_or_says_what_is_missing()
    {
        var request = docker.Shell("seq 1 2500000; touch /output/half; while [ ! -e /output/go ]; do sleep 0.1; done; seq 2500001 2600000");
        var first = await docker.Runtime().StartAsync(request, _ => { }, Ct);
        await Eventually.Async(() => File.Exists(Path.Combine(request.Directory.Output, "half")), "half of it was printed", TimeSpan.FromSeconds(60));
        await DockerRuntimeTests.Printed(request, "\n2500000\n");
        await first.DisposeAsync();
        await File.WriteAllTextAsync(Path.Combine(request.Directory.Output, "go"), "");
        await using var second = await docker.Runtime().AdoptAsync(request, Ct);
        var exit = await second!.Exit;
        Assert.Equal((0, null), (exit.ExitCode, exit.Problem));
        var expected = 1;
        foreach (var line in File.ReadLines(request.Directory.Stdout)) Assert.Equal(expected++, int.Parse(line, CultureInfo.InvariantCulture));
        Assert.Equal(2600001, expected);
    }

    [Fact(Timeout = Limit)]
    public async Task What_was_never_started_is_not_adopted_and_leaves_nothing()
    {
        var request = docker.Shell("echo never");
        Assert.Null(await docker.Runtime().AdoptAsync(request, Ct));
        await docker.CliAsync("create", "--name", $"scitq-{request.Key.Lease}", DockerFixture.Image);
        Assert.Null(await docker.Runtime().AdoptAsync(request, Ct));
        Assert.False(await docker.ExistsAsync(request));
    }

    [Fact(Timeout = Limit)]
    public async Task A_container_that_ran_and_was_removed_by_somebody_else_is_not_run_again()
    {
        var request = docker.Shell("sleep 600");
        await (await docker.Runtime().StartAsync(request, _ => { }, Ct)).DisposeAsync();
        await docker.CliAsync("rm", "-f", $"scitq-{request.Key.Lease}");
        await using var run = await docker.Runtime().AdoptAsync(request, Ct);
        var exit = await run!.Exit;
        Assert.Null(exit.ExitCode);
        Assert.Contains("removed by somebody else", exit.Problem, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_torn_record_of_a_containers_end_is_an_end_that_is_lost()
    {
        var request = docker.Shell("exit 0");
        await File.WriteAllTextAsync(Path.Combine(request.Directory.Control, "container-exit.json"), "{\"Lease\":");
        await using var run = await docker.Runtime().AdoptAsync(request, Ct);
        Assert.Null((await run!.Exit).ExitCode);
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_container_has_left_as_root_goes_though_the_agent_is_not_root()
    {
        using var folder = new TestFolder();
        OtherAccount.Own(folder.Path);
        var request = docker.Shell("mkdir -p /output/a/b && echo x >/output/a/b/c && chmod 700 /output/a");
        await docker.RunAsync(request);
        Directory.Move(request.Directory.Root, folder["left"]);
        foreach (var own in (string[])["left", "left/output", "left/control", "left/input", "left/resource", "left/tmp"]) OtherAccount.Own(folder[own]);
        var leftovers = new Leftovers(folder.Path, new ByDocker(docker.Runtime()), TimeProvider.System, NullLogger<Leftovers>.Instance);
        OtherAccount.Do(() => leftovers.Remove(folder["left"]));
        Assert.Empty(leftovers.Left);
        Assert.False(Directory.Exists(folder["left"]));
    }

    [Fact(Timeout = Limit)]
    public async Task Given_up_an_engine_that_is_away_is_named_as_the_cause_and_what_is_known_needs_none()
    {
        using var away = DockerFixture.At("unix:///nowhere/docker.sock");
        var runtime = docker.Runtime(of: away);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        var error = await Assert.ThrowsAnyAsync<Exception>(() => runtime.AdoptAsync(docker.Shell("true"), patience.Token));
        Assert.True(DockerEngine.IsUnreachable(error), error.ToString());

        var ended = docker.Shell("exit 3");
        await docker.RunAsync(ended);
        await using var run = await runtime.AdoptAsync(ended, Ct);
        Assert.Equal(3, (await run!.Exit).ExitCode);
        Assert.True(runtime.MayHaveStrangers);
    }

    [Fact(Timeout = Limit)]
    public async Task An_abandoned_container_is_removed()
    {
        var request = docker.Shell("sleep 600");
        await (await docker.Runtime().StartAsync(request, _ => { }, Ct)).DisposeAsync();
        await docker.Runtime().AbandonAsync(request, Ct);
        Assert.False(await docker.ExistsAsync(request));
    }

    [Fact(Timeout = Limit)]
    public async Task Containers_of_attempts_no_longer_ours_are_removed_and_no_others()
    {
        var (ours, lost, theirs) = (docker.Shell("sleep 600"), docker.Shell("sleep 600"), docker.Shell("sleep 600") with { Worker = docker.Worker + "-other" });
        var runs = new List<IRun>();
        foreach (var request in (RunRequest[])[ours, lost, theirs]) runs.Add(await docker.Runtime().StartAsync(request, _ => { }, Ct));
        foreach (var run in runs) await run.DisposeAsync();
        await docker.Runtime().RemoveStrangersAsync(docker.Worker, () => new HashSet<Guid> { ours.Key.Lease }, Ct);
        Assert.Equal((true, false, true), (await docker.ExistsAsync(ours), await docker.ExistsAsync(lost), await docker.ExistsAsync(theirs)));
        await docker.Runtime().RemoveStrangersAsync(ours.Worker, () => new HashSet<Guid>(), Ct);
        await docker.Runtime().RemoveStrangersAsync(theirs.Worker, () => new HashSet<Guid>(), Ct);
        Assert.Equal((false, false), (await docker.ExistsAsync(ours), await docker.ExistsAsync(theirs)));
    }

    [Fact(Timeout = Limit)]
    public async Task Containers_of_another_agent_of_the_same_name_are_not_touched()
    {
        var request = docker.Shell("printf last; sleep 600");
        await using var run = await docker.Runtime().StartAsync(request, _ => { }, Ct);
        // Another user's standalone, say, which has the machine's name as well, and its work directory elsewhere.
        await docker.Runtime(place: "/elsewhere").RemoveStrangersAsync(docker.Worker, () => new HashSet<Guid>(), Ct);
        Assert.True(await docker.ExistsAsync(request));
        _ = run.StopAsync(TimeSpan.Zero);
        Assert.Equal(137, (await run.Exit).ExitCode);
    }

    private sealed class ByDocker(DockerRuntime runtime) : IRootRemoval
    {
        public Task RemoveAsRootAsync(string directory, CancellationToken ct) => runtime.RemoveAsRootAsync(directory, ct);
    }
}
