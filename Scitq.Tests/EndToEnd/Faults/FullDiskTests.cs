using System.Net;
using System.Text.Json;
using Scitq.Contracts.Docker;
using Scitq.Contracts;
using Scitq.Tests.EndToEnd.Acceptance;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>Disks that are full, on file systems of their own.</summary>
[Trait("Level", "EndToEnd")]
public sealed class FullDiskTests
{
    [Theory(Timeout = 120_000)]
    [InlineData("tmpfs", "dd if=/dev/zero of=$TEMP/x bs=1M")]
    [InlineData("ext4", "dd if=/dev/zero of=$OUTPUT/x bs=1M")]
    [InlineData("tmpfs", "while :; do dd if=/dev/zero bs=1M count=50 2>/dev/null >>$TEMP/x; done")]
    public async Task A_task_that_fills_the_disk_fails_and_a_standalone_of_default_settings_goes_on(string type, string command)
    {
        using var disk = new ScratchDisk(400, type);
        await using var system = new SmallSystem(disk);
        var filler = await system.FollowAsync("sh", "-c", command);
        Assert.NotEqual(0, filler.Code);
        var task = await system.TaskAsync(filler.TaskId);
        Assert.Equal("disk", task.GetProperty("failure_class").GetString());
        (await system.FollowAsync("echo", "still here")).Success();
        await Eventually.Async(async () => (await system.GetAsync("server")).GetProperty("ready").GetBoolean(), "the server is ready");
        // Room that is given back within a moment need not have been missed by anybody else.
        Assert.InRange(system.Processes[0].Lines.Count(line => line.Contains("is full", StringComparison.Ordinal)), 0, 6);
        Assert.InRange(system.Processes[0].Text.Length, 0, 50_000);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("while :; do dd if=/dev/zero bs=1M count=5 2>/dev/null >>$OUTPUT/x; sleep 0.05; done")]
    [InlineData("exec 3>$TEMP/x; rm $TEMP/x; while :; do dd if=/dev/zero bs=1M count=5 2>/dev/null >&3; sleep 0.05; done")]
    [InlineData("trap 'rm $OUTPUT/../../../../elsewhere; exit 1' TERM; exec 3>$OUTPUT/../../../../elsewhere; while :; do dd if=/dev/zero bs=1M count=5 "
        + "2>/dev/null >&3; sleep 0.05; done")]
    public async Task The_task_that_grows_is_stopped_before_the_disk_is_full_and_its_neighbour_is_not(string command)
    {
        using var disk = new ScratchDisk(300);
        await using var system = new SmallSystem(disk, "--disk-reserve", "100000000");
        var neighbour = (await system.LaunchAsync("sh", "-c",
            "dd if=/dev/zero bs=1M count=80 2>/dev/null >$TEMP/big; while [ ! -e $TEMP/../../../../go ]; do sleep 0.1; done; echo done")).TaskId;
        await Eventually.Async(() =>
            Directory.GetFiles(disk["data/work/tasks"], "big", SearchOption.AllDirectories).Any(f => new FileInfo(f).Length == 80 << 20), "it has the most");
        var grows = await system.FollowAsync("sh", "-c", command);
        var task = await system.TaskAsync(grows.TaskId);
        Assert.Equal(("failed", "disk"), (task.GetProperty("status").GetString(), task.GetProperty("failure_class").GetString()));
        Assert.Contains("--disk-reserve", task.GetProperty("reason").GetString(), StringComparison.Ordinal);
        await File.WriteAllTextAsync(disk["data/go"], "");
        await system.TaskAsync(neighbour, "succeeded");
    }

    [Fact(Timeout = 240_000)]
    public async Task An_agent_alone_stops_what_fills_its_disk_and_takes_the_next_task()
    {
        using var disk = new ScratchDisk(300);
        await using var cluster = await Cluster.StartAsync();
        Directory.CreateSymbolicLink(cluster["work-a"], Directory.CreateDirectory(disk["work"]).FullName);
        var agent = await cluster.StartAgentAsync("a", 1, 0, "--disk-reserve", "100000000");
        var fills = await cluster.SubmitAsync(Tasks.Shell("fills", "while :; do dd if=/dev/zero bs=1M count=5 2>/dev/null >>$OUTPUT/x; sleep 0.05; done") with
            { Output = DataUri.Parse($"file://{cluster["out"]}/") });
        var failed = await cluster.WaitForAsync(fills, "failed");
        Assert.Equal("disk", failed.GetProperty("failure_class").GetString());
        // What it had written by then is delivered, as of any failure.
        Assert.True(File.Exists(cluster["out/x"]));
        await cluster.WaitForAsync(await cluster.SubmitAsync(Tasks.Shell("next", "true")), "succeeded");
        await Eventually.Async(() => disk.FreeBytes > 250 << 20, "its room is given back");
        Assert.False(agent.Process.HasExited);
    }

    [Theory(Timeout = 240_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_containers_output_that_has_no_room_is_told_and_its_exit_code_is_kept(bool strict)
    {
        using var disk = new ScratchDisk(50);
        await using var cluster = await Cluster.StartAsync();
        Directory.CreateSymbolicLink(cluster["work-a"], Directory.CreateDirectory(disk["work"]).FullName);
        var agent = await cluster.StartAgentAsync("a", 1, 0, "--disk-reserve", "0");
        const string Prints = "echo before; while [ ! -e $GO ]; do sleep 0.1; done; seq 1 1000; echo e >&2; touch $GO.printed; while [ ! -e $GO.end ]; do "
            + "sleep 0.1; done";
        var task = Tasks.Shell("prints", Prints) with
        {
            Image = DockerFixture.Image, StrictOutput = strict, DockerOptions = DockerRunOptions.Read(["-v", $"{cluster[""]}:{cluster[""]}"]),
            Env = new Dictionary<string, string> { ["GO"] = cluster["go"] },
        };
        var id = await cluster.SubmitAsync(task);
        await cluster.WaitForAsync(id, "running");
        await Eventually.Async(() =>
            Directory.GetFiles(disk["work/tasks"], "stdout", SearchOption.AllDirectories).Any(f => new FileInfo(f).Length == 7), "it has begun");
        disk.Fill();
        await File.WriteAllTextAsync(cluster["go"], "");
        await Eventually.Async(() => File.Exists(cluster["go.printed"]), "the command does not wait for room");
        await File.WriteAllTextAsync(cluster["go.end"], "");
        await agent.Process.WaitForLineAsync("bytes of its output could not be kept", Cluster.Patience);
        disk.Free();
        var ended = await cluster.WaitForAsync(id, strict ? "failed" : "succeeded", attempt: 1);
        Assert.Equal(0, ended.GetProperty("exit_code").GetInt32());
        Assert.Contains("could not be kept", ended.GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
        if (strict) Assert.Equal("disk", ended.GetProperty("failure_class").GetString());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_full_data_disk_refuses_submissions_in_one_line_records_what_runs_and_recovers_by_itself()
    {
        using var disk = new ScratchDisk(100);
        await using var system = new SmallSystem(disk, "--disk-reserve", "0");
        var prints = await RunsAsync(system, disk, "later", "echo hello; echo trouble >&2; true");
        var strict = await RunsAsync(system, disk, "later", "echo hello; true", "--strict-output");
        var quiet = await RunsAsync(system, disk, "now", "true");
        disk.Fill();
        // The database may have named its disk before; what it waits for is recorded once there is room.
        await Eventually.Async(async () =>
            Problems(await system.GetAsync("server")).Contains("nothing new is taken until there is room", StringComparison.Ordinal), "it is named");
        var (status, body) = await system.PostAsync("tasks", """{"argv":["true"]}""");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("is full", body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await Eventually.Async(() => !File.Exists(disk["data/.ballast"]), "the room that was kept is given up");
        Directory.CreateDirectory(disk["data/work/now"]);
        await system.TaskAsync(quiet, "succeeded");
        Assert.Contains("is full", (await system.ManageAsync("task", "explain", $"{prints}")).Out, StringComparison.Ordinal);

        disk.Fill();
        Directory.CreateDirectory(disk["data/work/later"]);
        await system.Processes[0].WaitForLineAsync($"Task {prints}: some of what the command printed to stdout and stderr may be lost");
        await system.Processes[0].WaitForLineAsync($"Task {strict}: some of what the command printed");
        disk.Free();
        var lost = await system.TaskAsync(prints, "succeeded");
        Assert.Contains("may be lost", lost.GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
        Assert.Contains("may be lost", (await system.ManageAsync("task", "show", $"{prints}", "--format", "json")).Out, StringComparison.Ordinal);
        var failed = await system.TaskAsync(strict, "failed");
        Assert.Equal("disk", failed.GetProperty("failure_class").GetString());
        Assert.Contains("--strict-output", failed.GetProperty("reason").GetString(), StringComparison.Ordinal);
        await Eventually.Async(async () => (await system.GetAsync("server")).GetProperty("ready").GetBoolean(), "it is ready again", TimeSpan.FromSeconds(30));
        (await system.FollowAsync("echo", "again")).Success();
        Assert.Empty((await system.TaskAsync((await system.LaunchAsync("--wait", "echo", "whole")).TaskId)).GetProperty("warnings").EnumerateArray());
        Assert.InRange(system.Processes[0].Text.Length, 0, 100_000);
    }

    private static async Task<long> RunsAsync(SmallSystem system, ScratchDisk disk, string sign, string command, params string[] options)
    {
        var id = (await system.LaunchAsync([.. options, "sh", "-c", $"while [ ! -e {disk[$"data/work/{sign}"]} ]; do sleep 0.1; done; {command}"])).TaskId;
        await system.TaskAsync(id, "running");
        return id;
    }

    private static string Problems(JsonElement server) => server.GetProperty("problems").ToString();

    /// <summary>A standalone whose data are on the disk.</summary>
    private sealed class SmallSystem(ScratchDisk disk, params string[] options) : ScitqSystem
    {
        private ProcessUnderTest? _standalone;

        public override string WorkDirectory => disk["data/work"];

        public override string TokenFile => disk["data/token"];

        public override IReadOnlyList<ProcessUnderTest> Processes => [_standalone!];

        protected override Task<string> StartAsync()
        {
            _standalone = ProcessUnderTest.Start("scitq-standalone",
                ["--port", "0", "--data", disk["data"], "--name", "small", "--concurrency", "4", .. options], AgentEnvironment());
            return ListeningAsync(_standalone);
        }

        protected override async Task StopAsync()
        {
            if (_standalone is not null) await _standalone.DisposeAsync();
        }
    }
}
