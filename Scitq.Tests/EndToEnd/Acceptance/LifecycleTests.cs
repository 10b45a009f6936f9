using System.Globalization;
using System.Text.Json;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>From queued to ended, with all that may come between.</summary>
[Trait("Level", "EndToEnd")]
public abstract class LifecycleTests(ScitqSystem system)
{
    private const string NoImage = "127.0.0.1:1/no-registry:1";

    [Fact(Timeout = 120_000), Trait("Id", "T1")]
    public async Task T1_The_commands_exit_code_is_the_tasks_and_the_waiters()
    {
        var run = await system.LaunchAsync("--wait", "sh", "-c", "exit 3");
        Assert.Equal(3, run.Code);
        var task = await system.TaskAsync(run.TaskId);
        Assert.Equal(("failed", "exit", 3), (Text(task, "status"), Text(task, "failure_class"), task.GetProperty("exit_code").GetInt32()));
        Assert.Equal(3, (await system.ManageAsync("task", "wait", "-i", $"{run.TaskId}")).Code);
    }

    [Fact(Timeout = 120_000), Trait("Id", "T3")]
    public async Task T3_A_failure_costs_one_retry_and_the_last_attempt_counts()
    {
        var mark = system.Folder[$"T3-{Guid.NewGuid():N}"];
        var run = await system.LaunchAsync("--wait", "--retry", "2", "sh", "-c", $"test -e {mark} || {{ touch {mark}; exit 1; }}");
        run.Success();
        var task = await system.TaskAsync(run.TaskId);
        Assert.Equal(("succeeded", 1, 2), (Text(task, "status"), task.GetProperty("retries_left").GetInt32(), task.GetProperty("attempt").GetInt32()));
        Assert.Equal(["failed", "succeeded"], Attempts(task).Select(a => Text(a, "status")));
    }

    [Fact(Timeout = 120_000), Trait("Id", "T4"), Trait("Id", "I28")]
    public async Task T4_An_input_that_cannot_be_had_is_tried_in_each_attempt_and_never_starts_the_command()
    {
        var run = await system.LaunchAsync("--wait", "--retry", "2", "-i", "file:///nope/really", "true");
        Assert.Equal(125, run.Code);
        var task = await system.TaskAsync(run.TaskId);
        Assert.Equal("download", Text(task, "failure_class"));
        Assert.Contains("file:///nope/really", Text(task, "reason"));
        Assert.Equal(3, Attempts(task).Count());
        Assert.All(Attempts(task), a => Assert.Equal(JsonValueKind.Null, a.GetProperty("started").ValueKind));
    }

    [Fact(Timeout = 120_000), Trait("Id", "T6")]
    public async Task T6_A_killed_container_is_a_failure_with_137()
    {
        TestEnvironment.Required("SCITQ_TEST_DOCKER");
        var id = (await system.LaunchAsync("-d", DockerFixture.Image, "sleep", "600")).TaskId;
        var task = await system.TaskAsync(id, "running");
        using var docker = new DockerFixture();
        var container = (await docker.CliAsync("ps", "-q", "--filter", $"label=scitq.task={Text(task, "id")}")).Trim();
        await docker.CliAsync("kill", container);
        task = await system.TaskAsync(id, "failed");
        Assert.Equal(137, task.GetProperty("exit_code").GetInt32());
        Assert.Equal("", (await docker.CliAsync("ps", "-aq", "--filter", $"label=scitq.task={Text(task, "id")}")).Trim());
    }

    [Fact(Timeout = 120_000), Trait("Id", "T7")]
    public async Task T7_A_run_timeout_stops_the_command_and_follows_the_retry_rules()
    {
        var run = await system.LaunchAsync("--wait", "--retry", "1", "--run-timeout", "1", "sleep", "600");
        Assert.NotEqual(0, run.Code);
        var task = await system.TaskAsync(run.TaskId);
        Assert.Equal(("failed", "timeout"), (Text(task, "status"), Text(task, "failure_class")));
        Assert.Equal(2, Attempts(task).Count());
        Assert.All(Attempts(task), a =>
            Assert.InRange((a.GetProperty("run_ended").GetDateTime() - a.GetProperty("started").GetDateTime()).TotalSeconds, 0.9, 10));
    }

    [Fact(Timeout = 120_000), Trait("Id", "T15")]
    public async Task T15_A_command_that_runs_is_changed_by_a_restart_and_a_queued_one_at_once()
    {
        var id = (await system.LaunchAsync("--retry", "1", "sh", "-c", "echo one; sleep 600")).TaskId;
        await system.TaskAsync(id, "running");
        Assert.Equal(6, (await system.ManageAsync("task", "update", $"{id}", "--", "echo", "two")).Code);
        Assert.StartsWith($"Task {id} updated", (await system.ManageAsync("task", "update", $"{id}", "--restart", "--", "echo", "two")).Success());
        var task = await system.TaskAsync(id, "succeeded");
        Assert.Equal((1, "echo"), (task.GetProperty("retries_left").GetInt32(), task.GetProperty("argv")[0].GetString()));
        Assert.Equal(["cancelled", "succeeded"], Attempts(task).Select(a => Text(a, "status")));
        Assert.Equal("two\n", (await system.ManageAsync("task", "logs", $"{id}")).Success());

        // In a batch that nobody serves, until it is moved.
        var queued = (await system.LaunchAsync("-b", $"T15-{Guid.NewGuid():N}", "echo", "world!")).TaskId;
        var look = (await system.ManageAsync("task", "update", "--dry-run", $"{queued}", "--command-sub", "s/world!/everybody's/")).Success();
        Assert.StartsWith($"task {queued}: command: echo 'world!' → echo 'everybody'\\''s'\n", look);
        (await system.ManageAsync("task", "update", $"{queued}", "--command-sub", "s/world!/everybody's/")).Success();
        Assert.Equal($"Task {queued} moved\n", (await system.ManageAsync("task", "move", "Default", $"{queued}")).Success());
        await system.TaskAsync(queued, "succeeded");
        Assert.Equal("everybody's\n", (await system.ManageAsync("task", "logs", $"{queued}")).Success());
    }

    [Fact(Timeout = 120_000), Trait("Id", "T9"), Trait("Id", "T12")]
    public async Task T9_T12_A_cancelled_task_is_stopped_for_good_and_leaves_nothing()
    {
        var output = system.Folder[$"T12-{Guid.NewGuid():N}"];
        var id = (await system.LaunchAsync("--retry", "3", "-o", $"file://{output}", "sh", "-c",
            "echo $$ >$OUTPUT/pid; sleep 600 & echo $OUTPUT $$ $!; wait")).TaskId;
        await system.TaskAsync(id, "running");
        var words = await Eventually.GetAsync(async () =>
            (await system.ManageAsync("task", "logs", "-i", $"{id}")).Out is { Length: > 0 } text ? text.Split() : null, "its first line");
        (await system.ManageAsync("task", "cancel", "-i", $"{id}")).Success();
        var task = await system.TaskAsync(id, "cancelled");
        Assert.Single(Attempts(task));
        Assert.False(Directory.Exists(output));
        await Eventually.Async(() => !Directory.Exists($"/proc/{words[1]}") && !Directory.Exists($"/proc/{words[2]}"), "its processes are gone");
        await Eventually.Async(() => !Directory.Exists(Path.GetDirectoryName(words[0])), "its directory is gone");
        Assert.Equal(6, (await system.ManageAsync("task", "cancel", "-i", $"{id}")).Code);
    }

    [Theory(Timeout = 120_000), Trait("Id", "T9")]
    [InlineData(false), InlineData(true)]
    public async Task T9_A_killed_task_ends_and_is_not_tried_again_and_a_signal_ends_nothing(bool container)
    {
        if (container) TestEnvironment.Required("SCITQ_TEST_DOCKER");
        string[] image = container ? ["-d", DockerFixture.Image] : [];
        var id = (await system.LaunchAsync(
            ["--retry", "3", .. image, "sh", "-c", "trap '' TERM; trap 'echo heard' USR1; echo ready; while :; do sleep 0.1; done"])).TaskId;
        await PrintsAsync("ready");
        await system.TaskAsync(id, "running");
        Assert.Equal($"Task {id} is being signalled\n", (await system.ManageAsync("task", "signal", "-N", "USR1", "-i", $"{id}")).Success());
        await PrintsAsync("heard");
        await system.TaskAsync(
            id, t => History(t).Any(h => Text(h, "kind") == "signalled" && Text(h, "detail")!.StartsWith("signal 10 (USR1) sent to")), "the outcome is told");

        Assert.Equal($"Task {id} is being killed\n", (await system.ManageAsync("task", "kill", "--reason", "enough", "-i", $"{id}")).Success());
        var task = await system.TaskAsync(id, "cancelled");
        Assert.Equal((137, 1), (task.GetProperty("exit_code").GetInt32(), Attempts(task).Count()));
        foreach (var verb in (string[])["kill", "stop"]) Assert.Equal(6, (await system.ManageAsync("task", verb, "-i", $"{id}")).Code);
        Assert.Equal(6, (await system.ManageAsync("task", "signal", "-N", "10", "-i", $"{id}")).Code);

        Task PrintsAsync(string text) => Eventually.Async(
            async () => (await system.ManageAsync("task", "logs", "-o", "-i", $"{id}")).Out.Contains(text, StringComparison.Ordinal), $"it prints {text}");
    }

    [Fact(Timeout = 120_000), Trait("Id", "T9")]
    public async Task T9_Only_what_a_worker_has_can_be_stopped_and_no_retry_follows()
    {
        var pending = (await system.LaunchAsync("-b", "nobody-serves-this", "true")).TaskId;
        Assert.Equal(6, (await system.ManageAsync("task", "stop", "-i", $"{pending}")).Code);
        (await system.ManageAsync("task", "cancel", "-i", $"{pending}")).Success();
        var id = (await system.LaunchAsync("--retry", "3", "sleep", "600")).TaskId;
        await system.TaskAsync(id, "running");
        (await system.ManageAsync("task", "stop", "-i", $"{id}")).Success();
        var task = await system.TaskAsync(id, "cancelled");
        Assert.Equal((143, 1), (task.GetProperty("exit_code").GetInt32(), Attempts(task).Count()));
    }

    [Theory(Timeout = 120_000), Trait("Id", "T10")]
    [InlineData(false), InlineData(true)]
    public async Task T10_A_paused_task_stands_still_and_goes_on(bool container)
    {
        if (container) TestEnvironment.Required("SCITQ_TEST_DOCKER");
        string[] image = container ? ["-d", DockerFixture.Image] : [];
        var id = (await system.LaunchAsync([.. image, "sh", "-c", "while :; do echo line; sleep 0.02; done"])).TaskId;
        await system.TaskAsync(id, "running");
        Assert.Equal(6, (await system.ManageAsync("task", "resume", "-i", $"{id}")).Code);
        Assert.Equal($"Task {id} is being paused\n", (await system.ManageAsync("task", "pause", "--reason", "lunch", "-i", $"{id}")).Success());
        await system.TaskAsync(id, "suspended");
        Assert.Contains("its command stands still on worker", (await system.ManageAsync("task", "explain", "-i", $"{id}")).Success());
        var length = -1L;
        await Eventually.Async(async () => length == (length = await PrintedAsync(id)), "nothing more is printed");

        (await system.ManageAsync("task", "resume", "-i", $"{id}")).Success();
        await system.TaskAsync(id, "running");
        await Eventually.Async(async () => await PrintedAsync(id) > length, "more is printed");
        (await system.ManageAsync("task", "pause", "-i", $"{id}")).Success();
        await system.TaskAsync(id, "suspended");
        (await system.ManageAsync("task", "cancel", "-i", $"{id}")).Success();
        var task = await system.TaskAsync(id, "cancelled");
        Assert.Equal(6, (await system.ManageAsync("task", "pause", "-i", $"{id}")).Code);
        Assert.Equal(
            ["pause_requested", "suspended", "resume_requested", "continued", "pause_requested", "suspended", "cancel_requested"],
            task.GetProperty("history").EnumerateArray().Select(h => Text(h, "kind")!).Where(k => k.Contains("requested") || k is "suspended" or "continued"));

        async Task<long> PrintedAsync(long id)
        {
            // Time for fifty lines.
            await Task.Delay(1000, TestContext.Current.CancellationToken);
            return (await system.TaskAsync(id)).GetProperty("attempts")[0].GetProperty("stdout_bytes").GetInt64();
        }
    }

    [Fact(Timeout = 120_000), Trait("Id", "T10")]
    public async Task T10_Tasks_that_wait_are_held_by_a_filter_and_go_on_as_what_they_were()
    {
        var batch = $"held-{Guid.NewGuid():N}";
        var first = (await system.LaunchAsync("-b", batch, "true")).TaskId;
        var second = (await system.LaunchAsync("-b", batch, "-R", $"{first}", "true")).TaskId;
        Assert.Equal($"2 tasks would be paused: {first}-{second}\n", (await system.ManageAsync("task", "pause", "--dry-run", "-b", batch)).Success());
        (await system.ManageAsync("task", "pause", "-y", "-b", batch)).Success();
        Assert.Equal(("paused", "paused"), (Text(await system.TaskAsync(first), "status"), Text(await system.TaskAsync(second), "status")));
        (await system.ManageAsync("task", "resume", "-y", "-b", batch)).Success();
        Assert.Equal(("pending", "waiting"), (Text(await system.TaskAsync(first), "status"), Text(await system.TaskAsync(second), "status")));
        (await system.ManageAsync("task", "cancel", "-y", "-b", batch)).Success();
    }

    [Fact(Timeout = 120_000), Trait("Id", "T12")]
    public async Task T12_And_so_is_a_container()
    {
        TestEnvironment.Required("SCITQ_TEST_DOCKER");
        var id = (await system.LaunchAsync("-d", DockerFixture.Image, "sleep", "600")).TaskId;
        var task = await system.TaskAsync(id, "running");
        (await system.ManageAsync("task", "cancel", "-i", $"{id}")).Success();
        await system.TaskAsync(id, "cancelled");
        using var docker = new DockerFixture();
        Assert.Equal("", (await docker.CliAsync("ps", "-aq", "--filter", $"label=scitq.task={Text(task, "id")}")).Trim());
    }

    [Fact(Timeout = 120_000), Trait("Id", "T13")]
    public async Task T13_A_relaunched_task_runs_again_and_overwrites_its_output()
    {
        var output = system.Folder[$"T13-{Guid.NewGuid():N}"];
        var run = await system.LaunchAsync("--wait", "-o", $"file://{output}", "sh", "-c", "echo $SCITQ_ATTEMPT >$OUTPUT/attempt");
        run.Success();
        (await system.ManageAsync("task", "relaunch", "-i", $"{run.TaskId}")).Success();
        (await system.ManageAsync("task", "wait", "-i", $"{run.TaskId}")).Success();
        Assert.Equal("2\n", await File.ReadAllTextAsync(Path.Combine(output, "attempt")));
        Assert.Equal(["succeeded", "succeeded"], Attempts(await system.TaskAsync(run.TaskId)).Select(a => Text(a, "status")));
    }

    [Fact(Timeout = 120_000), Trait("Id", "T21")]
    public async Task T21_Without_a_worker_a_task_stays_pending_and_says_why()
    {
        var id = (await system.LaunchAsync("-b", "nobody-serves-this", "true")).TaskId;
        Assert.Contains("no worker serves batch nobody-serves-this", (await system.ManageAsync("task", "explain", "-i", $"{id}")).Success());
        Assert.Equal("pending", Text(await system.TaskAsync(id), "status"));
        (await system.ManageAsync("task", "cancel", "-i", $"{id}")).Success();
        await system.TaskAsync(id, "cancelled");
    }

    [Fact(Timeout = 120_000), Trait("Id", "T22")]
    public async Task T22_A_task_waits_for_what_it_requires_until_that_has_succeeded()
    {
        var mark = system.Folder[$"T22-{Guid.NewGuid():N}"];
        var required = await system.LaunchAsync("--wait", "test", "-e", mark);
        Assert.Equal(1, required.Code);
        var id = (await system.LaunchAsync("-R", $"{required.TaskId}", "echo", "at last")).TaskId;
        Assert.Equal("waiting", Text(await system.TaskAsync(id), "status"));
        Assert.Contains($"it waits for task {required.TaskId}, which failed", (await system.ManageAsync("task", "explain", "-i", $"{id}")).Success());
        await File.WriteAllTextAsync(mark, "");
        (await system.ManageAsync("task", "relaunch", "-i", $"{required.TaskId}")).Success();
        (await system.ManageAsync("task", "wait", "-i", $"{id}")).Success();
        Assert.Equal("at last\n", (await system.ManageAsync("task", "logs", "-i", $"{id}")).Success());
    }

    [Fact(Timeout = 180_000), Trait("Id", "T35")]
    public async Task T35_A_hundred_tasks_run_once_each_and_never_more_than_the_slots_at_a_time()
    {
        var (running, lines) = (Directory.CreateDirectory(system.Folder[$"T35-{Guid.NewGuid():N}"]).FullName, system.Folder[$"T35-{Guid.NewGuid():N}.txt"]);
        await File.WriteAllLinesAsync(lines, Enumerable.Range(1, 100).Select(i => i.ToString(CultureInfo.InvariantCulture)));
        var run = await system.LaunchAsync("--wait", "--each-line", lines, "sh", "-c",
            $": >{running}/{{}}; ls {running} | wc -l; rm {running}/{{}}; echo entry {{}}", "{}");
        run.Success();
        Assert.Contains("100 succeeded, 0 did not", run.Error);
        var first = long.Parse(run.Error.Split("(ids ")[1].Split('-')[0], CultureInfo.InvariantCulture);
        for (var i = 0; i < 100; i++)
        {
            var task = await system.TaskAsync(first + i);
            Assert.Single(Attempts(task));
            var output = await (await system.ClientAsync())
                .GetStringAsync($"{await system.AddressAsync()}/api/v1/tasks/{first + i}/attempts/latest/log/stdout");
            var words = output.TrimEnd('\n').Split('\n');
            Assert.InRange(int.Parse(words[0], CultureInfo.InvariantCulture), 1, ScitqSystem.Concurrency);
            Assert.Equal($"entry {i + 1}", words[1]);
        }
    }

    [Fact(Timeout = 180_000), Trait("Id", "T36")]
    public async Task T36_Seventy_megabytes_of_output_are_stored_shown_from_their_end_and_cost_no_memory()
    {
        // The slots' tasks of other tests come and go meanwhile, so what counts is that the bytes are not held.
        var run = await system.LaunchAsync("--wait", "sh", "-c", "yes 'a line of some length, as programs print them' | head -c 70000000; echo; echo the end");
        run.Success();
        Assert.Equal("the end\n", (await system.ManageAsync("task", "logs", "-o", "--tail", "1", "-i", $"{run.TaskId}")).Success());
        var logs = await system.ManageAsync("task", "logs", "-o", "-i", $"{run.TaskId}");
        Assert.Equal(0, logs.Code);
        Assert.InRange(logs.OutBytes.Length, 60_000_000, 70_000_100);
        Assert.All(system.Processes, process => Assert.InRange(process.ProportionalSetBytes(), 0, 400L * 1024 * 1024));
    }

    [Fact(Timeout = 120_000), Trait("Id", "T38")]
    public async Task T38_What_a_container_prints_before_it_ends_at_once_is_not_lost()
    {
        TestEnvironment.Required("SCITQ_TEST_DOCKER");
        var runs = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => system.FollowAsync("-d", DockerFixture.Image, "sh", "-c", "echo out; echo err >&2")));
        Assert.All(runs, run => Assert.Equal("out\n", run.Success()));
        Assert.All(runs, run => Assert.Contains("err\n", run.Error));
    }

    [Fact(Timeout = 120_000), Trait("Id", "T39")]
    public async Task T39_An_image_that_cannot_be_had_fails_with_the_engines_words()
    {
        TestEnvironment.Required("SCITQ_TEST_DOCKER");
        var run = await system.LaunchAsync("--wait", "-d", NoImage, "true");
        Assert.Equal(125, run.Code);
        var task = await system.TaskAsync(run.TaskId);
        Assert.Equal("image", Text(task, "failure_class"));
        Assert.Contains("connection refused", Text(task, "reason"));
        Assert.Contains(NoImage, (await system.ManageAsync("task", "logs", "-e", "-i", $"{run.TaskId}")).Success());
    }

    protected static string? Text(JsonElement task, string member) => task.GetProperty(member).GetString();

    protected static IEnumerable<JsonElement> History(JsonElement task) => task.GetProperty("history").EnumerateArray();

    protected static IEnumerable<JsonElement> Attempts(JsonElement task) => task.GetProperty("attempts").EnumerateArray();
}

/// <summary>In one process.</summary>
public sealed class EmbeddedLifecycleTests(EmbeddedSystem system) : LifecycleTests(system);

/// <summary>Through RabbitMQ and PostgreSQL.</summary>
public sealed class ServerLifecycleTests(ServerSystem system) : LifecycleTests(system);
