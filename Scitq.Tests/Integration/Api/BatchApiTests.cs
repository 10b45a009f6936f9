using System.Net;
using System.Text.Json;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Workers;

namespace Scitq.Tests.Integration.Api;

/// <summary>What users do with whole batches over HTTP, whatever the database.</summary>
[Trait("Level", "Integration")]
public abstract class BatchApiTests(bool postgres)
{
    [Fact(Timeout = 60_000)]
    public async Task Workers_of_a_stopped_batch_are_told_to_pause_whenever_they_come_and_go_on_with_it()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var w1 = new WorkerInTest(server, "w1");
        var before = (await w1.RegisterAsync()).Settings!;
        var (number, _) = await server.SubmitAsync();

        var stopped = (await server.PostAsync("/batches/Default/stop", new { reason = "wrong genome" })).Json();
        Assert.Equal(("stopped", "wrong genome"), (stopped.GetProperty("status").GetString(), stopped.GetProperty("stopped_reason").GetString()));
        var told = Assert.Single(server.Line.Told).Settings;
        Assert.True(told.Paused && told.Revision > before.Revision, $"{before} then {told}");
        Assert.Equal(told, (await w1.BeatAsync()).Settings);
        Assert.True((await new WorkerInTest(server, "w2").RegisterAsync()).Settings!.Paused);
        Assert.True((await w1.RegisterAsync()).Settings!.Paused);

        Assert.Equal(["stopped", "stopped"], (await server.GetAsync("/workers")).Json().EnumerateArray().Select(w => w.GetProperty("status").GetString()));
        Assert.Contains("wrong genome", (await server.GetAsync("/workers/w1")).Json().GetProperty("why").GetString(), StringComparison.Ordinal);
        var explained = (await server.GetAsync($"/tasks/{number}/explain")).Text;
        Assert.Contains("wrong genome", explained, StringComparison.Ordinal);
        Assert.Contains("scitq-manage batch go Default", explained, StringComparison.Ordinal);
        Assert.Equal("batch stopped", (await server.GetAsync("/tasks")).Json()[0].GetProperty("why").GetString());

        var goes = (await server.PostAsync("/batches/Default/go")).Json();
        Assert.Equal(("running", JsonValueKind.Null), (goes.GetProperty("status").GetString(), goes.GetProperty("stopped").ValueKind));
        var last = (await w1.BeatAsync()).Settings!;
        Assert.True(!last.Paused && last.Revision > told.Revision, $"{told} then {last}");
        Assert.Equal(["batch_continued", "batch_stopped"], (await server.GetAsync("/events")).Json().EnumerateArray()
            .Select(e => e.GetProperty("kind").GetString()));
        var entry = (await server.GetAsync("/events?kind=batch_stopped")).Json()[0];
        Assert.Equal("batch Default: wrong genome", entry.GetProperty("detail").GetString());
        Assert.NotEqual(JsonValueKind.Null, entry.GetProperty("by").ValueKind);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_stop_is_the_batchs_own_workers_that_move_in_obey_and_those_that_move_out_work()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var worker = new WorkerInTest(server, "w1");
        await worker.RegisterAsync();
        await server.SubmitAsync(new { argv = new[] { "true" }, batch = "held" });
        (await server.PostAsync("/batches/held/stop")).Json();
        Assert.Empty(server.Line.Told);

        (await server.SendAsync(HttpMethod.Patch, "/workers/w1", new { batch = "held" })).Json();
        Assert.True(server.Line.Told[^1].Settings.Paused);
        (await server.SendAsync(HttpMethod.Patch, "/workers/w1", new { batch = "Default" })).Json();
        Assert.False((await worker.BeatAsync()).Settings!.Paused);

        // A worker that its user has paused stays so when the batch goes on.
        (await server.SendAsync(HttpMethod.Patch, "/workers/w1", new { batch = "held", paused = true })).Json();
        (await server.PostAsync("/batches/held/go")).Json();
        Assert.True((await worker.BeatAsync()).Settings!.Paused);
        Assert.Equal("paused", (await server.GetAsync("/workers/w1")).Json().GetProperty("status").GetString());
    }

    [Fact(Timeout = 60_000)]
    public async Task Stopped_twice_it_keeps_the_first_reason_and_an_unknown_batch_is_refused()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        await server.SubmitAsync();
        (await server.PostAsync("/batches/Default/stop", new { reason = "first" })).Json();
        Assert.Equal("first", (await server.PostAsync("/batches/Default/stop", new { reason = "second" })).Json().GetProperty("stopped_reason").GetString());
        (await server.PostAsync("/batches/nothing/stop")).Problem(HttpStatusCode.NotFound, "not_found");
        (await server.PostAsync("/batches/nothing/go")).Problem(HttpStatusCode.NotFound, "not_found");
        (await server.PostAsync("/batches/Default/stop", """{"reasn":"x"}""")).Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.Equal("stopped", (await server.GetAsync("/batches")).Json()[0].GetProperty("status").GetString());
    }

    [Fact(Timeout = 60_000)]
    public async Task Statistics_tell_times_memory_and_causes_of_each_end()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        foreach (var seconds in (int[])[1, 2, 3, 10]) await EndAsync(server, seconds, null);
        await EndAsync(server, 5, FailureClass.Exit, code: 3);
        await EndAsync(server, 5, FailureClass.Exit, code: 3);
        await EndAsync(server, 5, FailureClass.Oom, code: 137);
        await server.SubmitAsync();

        var ended = (await server.GetAsync("/batches/Default/stats")).Json().GetProperty("ended").EnumerateArray().ToList();
        Assert.Equal(["succeeded 4 4", "failed 3 3"], ended.Select(e => $"{Text(e, "status")} {e.GetProperty("tasks")} {e.GetProperty("attempts")}"));
        var run = ended[0].GetProperty("run");
        Assert.Equal([2.5, 1, 10, 10], ((string[])["median", "min", "max", "p95"]).Select(f => Math.Round(run.GetProperty(f).GetDouble(), 2)));
        Assert.Equal((4000L, 8.0, 40L, JsonValueKind.Null), (ended[0].GetProperty("peak_memory").GetInt64(), ended[0].GetProperty("cpu_seconds").GetDouble(),
            ended[0].GetProperty("bytes_in").GetInt64(), ended[0].GetProperty("cost").ValueKind));
        Assert.True(ended[0].GetProperty("queue").GetProperty("max").GetDouble() >= 0);
        Assert.Equal(["2 exit 3", "1 oom"], ended[1].GetProperty("causes").EnumerateArray().Select(c => c.GetString()));
        (await server.GetAsync("/batches/nothing/stats")).Problem(HttpStatusCode.NotFound, "not_found");
    }

    [Fact(Timeout = 60_000)]
    public async Task An_export_has_a_line_for_each_attempt_in_either_format()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var first = await EndAsync(server, 2, FailureClass.Exit, code: 3, new { argv = new[] { "false" }, name = "=1+1", retry = 1 });
        await server.RaiseAsync(first, m => m.RetryDue, new RetryDue());
        await EndAsync(server, await server.ClaimAsync(first, 2), 4, null, 0);
        await EndAsync(server, 1, null);
        await EndAsync(server, 1, null, body: new { argv = new[] { "true" }, batch = "other" });

        var lines = (await server.GetAsync("/batches/Default/export")).Text.TrimEnd('\n').Split('\n');
        Assert.StartsWith("task_id,attempt,name,status,exit_code,failure_class,worker,submit,", lines[0], StringComparison.Ordinal);
        Assert.Equal(["1,1,\"'=1+1\",failed,3,exit,w1", "1,2,\"'=1+1\",succeeded,0,,w1", "2,1,,succeeded,0,,w1"],
            lines[1..].Select(l => string.Join(',', l.Split(',')[..7])));
        var json = (await server.GetAsync("/batches/Default/export?format=jsonl")).Text.TrimEnd('\n').Split('\n').Select(l => JsonElement.Parse(l)).ToList();
        Assert.Equal([2, 4, 1], json.Select(j => Math.Round(j.GetProperty("run").GetDouble(), 2)));
        Assert.Equal((100.0, "=1+1"), (json[0].GetProperty("cpu_percent").GetDouble(), Text(json[0], "name")));
        (await server.GetAsync("/batches/nothing/export")).Problem(HttpStatusCode.NotFound, "not_found");
        (await server.GetAsync("/batches/Default/export?format=xml")).Problem(HttpStatusCode.BadRequest, "invalid");
    }

    private static string? Text(JsonElement row, string member) => row.GetProperty(member).GetString();

    private static async Task<Guid> EndAsync(ApiServer server, double seconds, FailureClass? failure, int code = 0, object? body = null)
    {
        var (_, id) = await server.SubmitAsync(body);
        await EndAsync(server, await server.ClaimAsync(id), seconds, failure, code);
        return id;
    }

    private static Task EndAsync(ApiServer server, AttemptKey key, double seconds, FailureClass? failure, int code)
    {
        var now = ApiServer.Now;
        var result = new AttemptResult
        {
            Failure = failure, ExitCode = code, RunEnded = now, Finished = now, PeakMemory = (long)(400 * seconds), CpuSeconds = 2, BytesIn = 10,
        };
        var report = new AttemptReport { Key = key, Stage = AttemptStage.Ended, Started = now.AddSeconds(-seconds), Result = result };
        return server.RaiseAsync(key.TaskId, m => m.AttemptEnded, new AttemptEnded("w1", report));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_batch_is_stopped_after_so_many_failures_in_a_row_and_counts_anew_when_it_goes_on()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        await EndAsync(server, 1, FailureClass.Exit, 1);
        await EndAsync(server, 1, FailureClass.Exit, 1);
        var changed = (await server.SendAsync(HttpMethod.Patch, "/batches/Default", new { max_fails = 2, description = "a trial" })).Json();
        Assert.Equal((2, "a trial"), (changed.GetProperty("max_fails").GetInt32(), Text(changed, "description")));

        // One failure, a success, one failure: not in a row. And what failed before does not count.
        await EndAsync(server, 1, FailureClass.Exit, 1);
        await EndAsync(server, 1, null);
        await EndAsync(server, 1, FailureClass.Oom, 137);
        await LookAsync(server);
        Assert.Equal("running", await StatusAsync());
        // Cancelled or tried again is not failed for good.
        var (number, _) = await server.SubmitAsync();
        (await server.PostAsync($"/tasks/{number}/cancel")).Json(HttpStatusCode.Accepted);
        await EndAsync(server, 1, FailureClass.Exit, 1, new { argv = new[] { "false" }, retry = 1 });
        await LookAsync(server);
        Assert.Equal("running", await StatusAsync());

        await EndAsync(server, 1, FailureClass.Exit, 1);
        await LookAsync(server);
        var stopped = (await server.GetAsync("/batches/Default")).Json();
        Assert.Equal(("stopped", "scitq", "2 tasks in a row have failed, as many as --max-fails allows"),
            (Text(stopped, "status"), Text(stopped, "stopped_by"), Text(stopped, "stopped_reason")));

        (await server.PostAsync("/batches/Default/go")).Json();
        await EndAsync(server, 1, FailureClass.Exit, 1);
        await LookAsync(server);
        Assert.Equal("running", await StatusAsync());
        await EndAsync(server, 1, FailureClass.Exit, 1);
        await LookAsync(server);
        Assert.Equal("stopped", await StatusAsync());
        (await server.SendAsync(HttpMethod.Patch, "/batches/Default", new { max_fails = 0 })).Json();
        (await server.PostAsync("/batches/Default/go")).Json();
        for (var i = 0; i < 3; i++) await EndAsync(server, 1, FailureClass.Exit, 1);
        await LookAsync(server);
        Assert.Equal("running", await StatusAsync());

        async Task<string?> StatusAsync() => Text((await server.GetAsync("/batches/Default")).Json(), "status");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("""{}""", "nothing to change"), InlineData("""{"max_fails":-1}""", "max_fails -1"), InlineData("""{"max_fail":1}""", "max_fail")]
    public async Task A_change_of_a_batch_that_makes_no_sense_is_refused(string body, string expected)
    {
        await using var server = await ApiServer.StartAsync(postgres);
        await server.SubmitAsync();
        Assert.Contains(expected, (await server.SendAsync(HttpMethod.Patch, "/batches/Default", body)).Problem(HttpStatusCode.BadRequest, "invalid"),
            StringComparison.Ordinal);
        (await server.SendAsync(HttpMethod.Patch, "/batches/nothing", new { max_fails = 1 })).Problem(HttpStatusCode.NotFound, "not_found");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_worker_that_can_start_none_of_many_tasks_is_put_aside_until_it_is_resumed()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var worker = new WorkerInTest(server, "w1");
        var before = (await worker.RegisterAsync()).Settings!;
        // The same task again and again is one, and a command that ran shows that the worker is able.
        await FailAsync(9);
        await EndAsync(server, 1, FailureClass.Exit, 1);
        await FailAsync(9);
        await LookAsync(server);
        Assert.False((await worker.BeatAsync()).Settings!.Paused);

        await FailAsync(1);
        await LookAsync(server);
        var settings = (await worker.BeatAsync()).Settings!;
        Assert.True(settings.Paused && settings.Revision > before.Revision);
        Assert.Equal(settings, server.Line.Told[^1].Settings);
        var shown = (await server.GetAsync("/workers/w1")).Json();
        Assert.Equal("paused", Text(shown, "status"));
        Assert.Contains("10 different tasks in a row could not be started there; the last one failed with class image", Text(shown, "why"),
            StringComparison.Ordinal);
        var (number, _) = await server.SubmitAsync();
        Assert.Contains("worker w1 was put aside", (await server.GetAsync($"/tasks/{number}/explain")).Text, StringComparison.Ordinal);
        Assert.Equal("w1", Text((await server.GetAsync("/events?kind=worker_aside")).Json()[0], "worker"));

        (await server.SendAsync(HttpMethod.Patch, "/workers/w1", new { paused = false })).Json();
        await FailAsync(9);
        await LookAsync(server);
        shown = (await server.GetAsync("/workers/w1")).Json();
        Assert.Equal(("running", JsonValueKind.Null), (Text(shown, "status"), shown.GetProperty("why").ValueKind));

        async Task FailAsync(int count)
        {
            for (var i = 0; i < count; i++) await EndAsync(server, 1, FailureClass.Image);
        }
    }

    private static Task LookAsync(ApiServer server) =>
        ((FailureGuard)server.App.Services.GetService(typeof(FailureGuard))!).LookAsync(CancellationToken.None);

    [Fact(Timeout = 60_000)]
    public async Task Another_coordinator_tells_its_workers_of_the_stop_and_grants_nothing_of_the_batch()
    {
        await using var one = await ApiServer.StartAsync(postgres);
        await using var other = await ApiServer.StartAsync(postgres, shared: one.Options);
        var worker = new WorkerInTest(other, "w1");
        await worker.RegisterAsync();
        var (_, id) = await one.SubmitAsync();
        Assert.Empty(await StoppedAsync());

        (await one.PostAsync("/batches/Default/stop")).Json();
        Assert.True((await worker.BeatAsync()).Settings!.Paused);
        other.Clock.Ahead += TimeSpan.FromSeconds(2);
        var held = await StoppedAsync();
        Assert.Equal(["Default"], held);
        Assert.Equal("its batch is stopped", (await ClaimAsync(held)).Refusal);

        (await one.PostAsync("/batches/Default/go")).Json();
        other.Clock.Ahead += TimeSpan.FromSeconds(2);
        Assert.NotNull((await ClaimAsync(await StoppedAsync())).Lease);

        async Task<IReadOnlySet<string>> StoppedAsync() =>
            await ((StoppedBatches)other.App.Services.GetService(typeof(StoppedBatches))!).NamesAsync(CancellationToken.None);

        async Task<TaskAnswer> ClaimAsync(IReadOnlySet<string> stopped) =>
            (await other.RaiseAsync(id, m => m.Claimed, new Claimed("w1", 1) { Stopped = stopped })).Answer;
    }
}

/// <summary>A worker as the coordinator hears it.</summary>
internal sealed class WorkerInTest(ApiServer server, string name, string batch = "Default")
{
    private Guid _epoch;
    private long _sequence;

    public async Task<WorkerRegistered> RegisterAsync()
    {
        (_epoch, _sequence) = (Guid.NewGuid(), 0);
        return await server.Workers.RegisterAsync(
            new RegisterWorker
            {
                Worker = name, Epoch = _epoch, Takeover = true, Batch = batch, Concurrency = 1, Prefetch = 0, Leases = [],
                Host = new HostInfo { Hostname = "h", Cpus = 1, Memory = 1, Version = "1" },
            },
            CancellationToken.None);
    }

    public async Task<HeartbeatAnswered> BeatAsync() => (await server.Heartbeats.HeartbeatAsync(
        new WorkerHeartbeat { Worker = name, Epoch = _epoch, Sequence = ++_sequence, Leases = [] }, CancellationToken.None))!;
}

[Trait("Level", "Integration")]
public sealed class PostgresBatchApiTests() : BatchApiTests(postgres: true);

[Trait("Level", "Integration")]
public sealed class SqliteBatchApiTests() : BatchApiTests(postgres: false);
