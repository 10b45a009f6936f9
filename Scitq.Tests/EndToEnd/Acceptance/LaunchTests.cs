using System.Diagnostics;
using System.Text.Json;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>Options and exit codes of scitq-launch that need a server; the rest is in the unit tests of the tools.</summary>
[Trait("Level", "EndToEnd")]
public abstract class LaunchTests(ScitqSystem system)
{
    [Fact(Timeout = 120_000), Trait("Id", "L7")]
    public async Task L7_One_of_uid_and_gid_is_enough_in_docker()
    {
        TestEnvironment.Required("SCITQ_TEST_DOCKER");
        Assert.Equal("5:0\n", (await system.FollowAsync("-d", DockerFixture.Image, "-u", "5", "sh", "-c", "echo $(id -u):$(id -g)")).Success());
    }

    [Fact(Timeout = 120_000), Trait("Id", "L9")]
    public async Task L9_A_native_command_runs_under_numeric_ids()
    {
        if (!Environment.IsPrivilegedProcess) TestEnvironment.Missing("The tests do not run as root");
        Assert.Equal("5:6\n", (await system.FollowAsync("-u", "5", "-g", "6", "sh", "-c", "echo $(id -u):$(id -g)")).Success());
    }

    [Fact(Timeout = 120_000), Trait("Id", "L12")]
    public async Task L12_Requirements_may_stand_between_commas_and_blanks()
    {
        var first = (await system.LaunchAsync("true")).TaskId;
        var second = (await system.LaunchAsync("true")).TaskId;
        Assert.Equal("after\n", (await system.FollowAsync("-R", $"{first}, {second}", "echo", "after")).Success());
    }

    [Fact(Timeout = 120_000), Trait("Id", "L13")]
    public async Task L13_An_unknown_requirement_is_refused_and_nothing_is_created()
    {
        var name = $"L13-{Guid.NewGuid()}";
        var run = await system.LaunchAsync("-n", name, "-R", "999999", "true");
        Assert.Equal(2, run.Code);
        Assert.Contains("999999", run.Error);
        Assert.Empty((await system.GetAsync($"tasks?name={name}")).EnumerateArray());
    }

    [Fact(Timeout = 120_000), Trait("Id", "L15")]
    public async Task L15_An_empty_input_is_none() => Assert.Equal("", (await system.FollowAsync("-i", "", "-i", "  ", "sh", "-c", "ls $INPUT")).Success());

    [Fact(Timeout = 120_000), Trait("Id", "L24")]
    public async Task L24_An_output_folder_is_the_same_with_and_without_a_final_slash()
    {
        foreach (var slash in new[] { "", "/" })
        {
            var folder = system.Folder[$"L24-{Guid.NewGuid():N}"];
            (await system.FollowAsync("-o", $"file://{folder}{slash}", "sh", "-c", "echo x >$OUTPUT/x")).Success();
            Assert.Equal([Path.Combine(folder, "x")], Directory.GetFileSystemEntries(folder));
        }
    }

    [Fact(Timeout = 120_000), Trait("Id", "L27b")]
    public async Task L27b_A_task_whose_acknowledgement_is_lost_is_queued_once()
    {
        var name = $"L27b-{Guid.NewGuid()}";
        await using var proxy = new AnswerLosingProxy(new Uri(await system.AddressAsync()), answersToLose: 2);
        var run = await system.LaunchAsync("-s", proxy.Address, "--timeout", "60", "-n", name, "true");
        run.Success();
        var task = Assert.Single((await system.GetAsync($"tasks?name={name}")).EnumerateArray());
        Assert.Equal(run.TaskId, task.GetProperty("task_id").GetInt64());
        Assert.Equal(3, proxy.Requests);
    }

    [Fact(Timeout = 120_000), Trait("Id", "L30")]
    public async Task L30_An_image_runs_its_own_command()
    {
        TestEnvironment.Required("SCITQ_TEST_DOCKER");
        // The image's own command is sh, which ends at once for want of input.
        Assert.Equal("", (await system.FollowAsync("-d", DockerFixture.Image, "--")).Success());
    }

    [Fact(Timeout = 120_000), Trait("Id", "L33")]
    public async Task L33_A_run_timeout_is_kept_as_it_was_given()
    {
        var id = (await system.LaunchAsync("-b", "nobody-serves-this", "--run-timeout", "1h30m", "true")).TaskId;
        Assert.Equal(5400, (await system.TaskAsync(id)).GetProperty("run_timeout").GetInt32());
    }

    [Theory(Timeout = 120_000), InlineData("--wait"), InlineData("--follow")]
    public async Task Ctrl_C_leaves_the_task_alone_and_says_so(string option)
    {
        var go = system.Folder[$"go-{Guid.NewGuid():N}"];
        await using var tool = ProcessUnderTest.Start(
            "scitq-launch", [option, "sh", "-c", $"until test -e {go}; do sleep 0.1; done; echo survived"], await system.EnvironmentAsync());
        var line = await tool.WaitForLineAsync("Task queued with task id: ");
        var id = long.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
        await system.TaskAsync(id, "running");
        tool.Signal(2);
        Assert.Equal(130, await tool.WaitForExitAsync());
        Assert.Contains($"task {id} goes on", tool.Text);
        await File.WriteAllTextAsync(go, "");
        await system.TaskAsync(id, "succeeded");
        Assert.Equal("survived\n", (await system.ManageAsync("task", "logs", "-i", $"{id}")).Success());
    }

    [Fact(Timeout = 120_000)]
    public async Task Follow_copies_both_streams_and_ends_with_one_line_and_the_commands_code()
    {
        var run = await system.FollowAsync("sh", "-c", "printf 'out\\000\\377'; printf err >&2; exit 3");
        Assert.Equal(3, run.Code);
        Assert.Equal("out\0\u00ff"u8.Length - 1, run.OutBytes.Length);
        Assert.Equal(0xff, run.OutBytes[^1]);
        var last = run.Error.TrimEnd('\n').Split('\n')[^1];
        Assert.Matches($"^(err)?Task {run.TaskId} failed: the command ended with exit code 3 after [0-9.]+s$", last);
        Assert.Contains("err", run.Error);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_programs_work_through_symbolic_links_and_by_the_tools_own_name()
    {
        var links = Directory.CreateDirectory(system.Folder[$"links-{Guid.NewGuid():N}"]).FullName;
        var launch = Path.Combine(links, "scitq-launch");
        File.CreateSymbolicLink(launch, Path.Combine(TestEnvironment.Bin, "scitq-launch"));
        var environment = await system.EnvironmentAsync();
        Assert.Equal("Command that would be sent: echo linked\n", (await ToolOutput.RunAsync(launch, ["-t", "echo", "linked"], environment)).Success());

        // Found by PATH, the first word is a bare name.
        var search = new Dictionary<string, string?>(environment) { ["PATH"] = $"{links}:/usr/bin:/bin" };
        Assert.Equal("Command that would be sent: echo found\n", (await ToolOutput.RunAsync("/bin/sh", ["-c", "scitq-launch -t echo found"], search))
            .Success());
        var tools = new FileInfo(launch).ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        Assert.Equal("Command that would be sent: echo named\n", (await ToolOutput.RunAsync(tools, ["launch", "-t", "echo", "named"], environment)).Success());
        var status = await ToolOutput.RunAsync(Path.Combine(TestEnvironment.Bin, "scitq-manage"), ["server", "status", "--format", "json"], environment);
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(status.Success()).RootElement.ValueKind);
    }

    [Fact(Timeout = 120_000), Trait("Id", "L27")]
    public async Task L27_Ctrl_C_ends_the_wait_for_a_server_that_is_down()
    {
        await using var tool = ProcessUnderTest.Start("scitq-launch", "-s", "127.0.0.1:1", "true");
        await tool.WaitForLineAsync("trying again for up to 60 s");
        tool.Signal(2);
        var watch = Stopwatch.StartNew();
        Assert.Equal(130, await tool.WaitForExitAsync());
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10));
    }
}

/// <summary>In one process.</summary>
public sealed class EmbeddedLaunchTests(EmbeddedSystem system) : LaunchTests(system);

/// <summary>Through RabbitMQ and PostgreSQL.</summary>
public sealed class ServerLaunchTests(ServerSystem system) : LaunchTests(system);
