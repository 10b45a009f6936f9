using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Tests.Integration.Api;

/// <summary>Tasks over HTTP, whatever the database.</summary>
[Trait("Level", "Integration")]
public abstract class TaskApiTests(bool postgres)
{
    private static readonly string[] True = ["true"];

    [Fact(Timeout = 60_000)]
    public async Task A_submitted_task_is_answered_as_it_was_asked_for()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var answer = await server.PostAsync("/tasks", """
            {"argv":["echo","é"],"batch":"b","name":"n","image":"ubuntu:22.04","docker_options":["--gpus","all"],"uid":1,"gid":2,"inputs":["file:///in"],
             "resources":["file:///r|untar"],"output":"file:///out/","retry":3,"run_timeout":4,"download_timeout":5,"env":{"LONG":"1","A":"b"}}
            """);
        var task = answer.Json(HttpStatusCode.Created);
        Assert.Equal($"/api/v1/tasks/{task.GetProperty("task_id")}", answer.Header("Location"));
        foreach (var shown in new[]
            { task, (await server.GetAsync($"/tasks/{task.GetProperty("task_id")}")).Json(), (await server.GetAsync($"/tasks/{task.GetProperty("id")}"))
                .Json(), (await server.GetAsync("/tasks")).Json()[0] })
        {
            Assert.Equal("pending", shown.GetProperty("status").GetString());
            Assert.Equal("é", shown.GetProperty("argv")[1].GetString());
            Assert.Equal("""{"LONG":"1","A":"b"}""".Length, shown.GetProperty("env").GetRawText().Length);
            Assert.Equal(3, shown.GetProperty("retries_left").GetInt32());
            Assert.Equal("--gpus", shown.GetProperty("docker_options")[0].GetString());
            Assert.Equal(JsonValueKind.Null, shown.GetProperty("exit_code").ValueKind);
            Assert.EndsWith("Z", shown.GetProperty("created").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task The_same_request_with_its_id_is_one_task_and_another_is_refused()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var id = Guid.NewGuid();
        var body = new { id, argv = True, env = new { LONGER = "1", B = "2" } };
        var first = (await server.PostAsync("/tasks", body)).Json(HttpStatusCode.Created);
        var again = (await server.PostAsync("/tasks", body)).Json(HttpStatusCode.OK);
        Assert.Equal(first.GetProperty("task_id").GetInt64(), again.GetProperty("task_id").GetInt64());
        (await server.SendAsync(HttpMethod.Post, "/tasks", new { argv = True, env = new { B = "2", LONGER = "1" } }, ("Idempotency-Key", id.ToString())))
            .Json(HttpStatusCode.OK);
        (await server.PostAsync("/tasks", new { id, argv = new[] { "false" } })).Problem(HttpStatusCode.Conflict, "id_reused");
        (await server.PostAsync("/tasks/bulk", new { tasks = new[] { body } })).Json(HttpStatusCode.Created);
        var other = Guid.NewGuid();
        (await server.PostAsync("/tasks/bulk", new { tasks = new object[] { new { id = other, argv = True }, new { id, argv = new[] { "false" } } } }))
            .Problem(HttpStatusCode.Conflict, "id_reused");
        (await server.GetAsync($"/tasks/{other}")).Problem(HttpStatusCode.NotFound, "not_found");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("""{"argv":["true"],"retry":"x"}""", "retry")]
    [InlineData("""{"argv":["true"],"env":{"a":1}}""", "env")]
    [InlineData("""{"name":"x"}""", "argv")]
    [InlineData("""{"argv":[]}""", "no command")]
    [InlineData("""{"argv":["true"],"inputs":null}""", "inputs")]
    [InlineData("""{"argv":["true"],"docker_options":[null],"image":"x"}""", "docker options")]
    [InlineData("""{"argv":["true"],"requirements":[null]}""", "requirement ''")]
    [InlineData("""{"argv":["true"],"batch":"a b"}""", "batch 'a b'")]
    [InlineData("""{"argv":["true"],"output":"foo://x"}""", "foo")]
    [InlineData("""{"argv":["true"],"requirements":["999999"]}""", "999999")]
    [InlineData("""{"argv":["true"],"id":"7"}""", "'id'")]
    [InlineData("""{"argv":["\ud800"]}""", "argv")]
    [InlineData("""{"argv":["true"]""", "JSON")]
    [InlineData("""["true"]""", "JSON")]
    [InlineData("null", "null")]
    [InlineData("", "JSON")]
    public async Task A_defect_is_named(string body, string named)
    {
        await using var server = await ApiServer.StartAsync(postgres);
        Assert.Contains(named, (await server.PostAsync("/tasks", body)).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.Empty((await server.GetAsync("/tasks")).Json().EnumerateArray());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_bulk_of_tasks_is_queued_in_order_or_not_at_all()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        object Bulk(int count, string last = "true") =>
            new { tasks = Enumerable.Range(1, count).Select(i => new { argv = new[] { i == count ? last : "echo", $"{i}" }, batch = "bulk" }) };
        Assert.StartsWith("task 17: ", (await server.PostAsync("/tasks/bulk", Bulk(17, "")))
            .Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        var wrong = await server.PostAsync("/tasks/bulk", """{"tasks":[{"argv":["a"]},{"argv":["a"],"retry":"x"}]}""");
        Assert.StartsWith("task 2: the member 'retry", wrong.Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.Contains("20000", (await server.PostAsync("/tasks/bulk", Bulk(20_001))).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.Equal("0", (await server.GetAsync("/tasks?count=true")).Header("X-Total-Count"));

        await server.PostAsync("/tasks/bulk", Bulk(1000));
        var body = JsonSerializer.Serialize(Bulk(10_000));
        var watch = Stopwatch.StartNew();
        var tasks = (await server.PostAsync("/tasks/bulk", body)).Json(HttpStatusCode.Created).GetProperty("tasks").EnumerateArray().ToList();
        TestContext.Current.TestOutputHelper?.WriteLine($"{10_000 / watch.Elapsed.TotalSeconds:0} tasks/s");
        Assert.Equal(10_000, tasks.Count);
        Assert.Equal(tasks.Select(t => t.GetProperty("task_id").GetInt64()).Order(), tasks.Select(t => t.GetProperty("task_id").GetInt64()));
        Assert.Equal("777", (await server.GetAsync($"/tasks/{tasks[776].GetProperty("id")}")).Json().GetProperty("argv")[1].GetString());
    }

    [Fact(Timeout = 60_000)]
    public async Task Lists_are_filtered_and_paged()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var ids = new List<(long Number, Guid Id)>();
        for (var i = 0; i < 10; i++) ids.Add(await server.SubmitAsync(new { argv = True, name = $"n{i % 2}", batch = i < 5 ? "a" : "b" }));
        await server.EndAsync(await server.ClaimAsync(ids[0].Id),
            new AttemptResult { Failure = FailureClass.Oom, ExitCode = 137, Finished = ApiServer.Now, Warnings = ["w"] });
        await server.ClaimAsync(ids[1].Id, worker: "w2");

        async Task<List<int>> Indices(string query) =>
            [.. (await server.GetAsync($"/tasks?{query}")).Json().EnumerateArray()
                .Select(t => ids.FindIndex(x => x.Number == t.GetProperty("task_id").GetInt64()))];
        Assert.Equal([9, 8, 7, 6, 5, 4, 3, 2, 1, 0], await Indices(""));
        Assert.Equal([4, 3, 2, 1, 0], await Indices("batch=a"));
        Assert.Equal(10, (await Indices("batch=a,b")).Count);
        Assert.Equal(10, (await Indices("batch=a&batch=b&limit=0")).Count);
        Assert.Equal([1, 0], await Indices("status=failed&status=accepted"));
        Assert.Equal([0], await Indices("status=failed,succeeded"));
        Assert.Equal([0], await Indices("class=oom"));
        Assert.Equal([0], await Indices("exit_code=137"));
        Assert.Equal([1], await Indices("worker=w2"));
        Assert.Equal([3, 1], await Indices("name=n1&batch=a"));
        Assert.Empty(await Indices("since=2100-01-01T00:00:00Z"));
        Assert.Equal(10, (await Indices("since=2000-01-01T00:00:00Z&until=2100-01-01T00:00:00%2B01:00")).Count);
        Assert.Equal("w", (await server.GetAsync("/tasks?status=failed")).Json()[0].GetProperty("warnings")[0].GetString());

        var page = await server.GetAsync("/tasks?limit=4&count=true");
        Assert.Equal(("10", $"{ids[6].Number}"), (page.Header("X-Total-Count"), page.Header("X-Next-After")));
        Assert.Equal([5, 4, 3, 2], await Indices($"limit=4&after={ids[6].Number}"));
        Assert.Null((await server.GetAsync($"/tasks?limit=4&after={ids[4].Number}")).Header("X-Next-After"));
        Assert.Contains("'foo'", (await server.GetAsync("/tasks?status=foo")).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.Contains("limit", (await server.GetAsync("/tasks?limit=1001")).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        Assert.Contains("since", (await server.GetAsync("/tasks?since=x")).Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Tasks_are_found_by_what_their_command_looks_like_and_acted_on_by_every_filter()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        await server.SubmitAsync();
        var (number, id) = await server.SubmitAsync(new { argv = new[] { "sh", "-c", "Echo 50%" } });
        async Task<int> Like(string pattern) => (await server.GetAsync($"/tasks?command_like={Uri.EscapeDataString(pattern)}")).Json().GetArrayLength();
        foreach (var (pattern, found) in new[]
            { ("sh%Echo%", 1), ("%echo%", 0), ("sh", 0), (@"%50\%", 1), (@"%5\%", 0), ("sh -c Echo 5__", 1), ("%", 2) })
            Assert.Equal((pattern, found), (pattern, await Like(pattern)));
        await server.EndAsync(await server.ClaimAsync(id), new AttemptResult { Failure = FailureClass.Exit, ExitCode = 7, Finished = ApiServer.Now });

        async Task<IEnumerable<long>> Would(object filter) =>
            (await server.PostAsync("/tasks/actions", new { action = "relaunch", filter, dry_run = true })).Json().GetProperty("tasks").EnumerateArray()
            .Select(t => t.GetInt64());
        Assert.Empty(await Would(new { command_like = "%echo%" }));
        Assert.Empty(await Would(new { until = "2000-01-01T00:00:00Z" }));
        Assert.Empty(await Would(new { exit_code = 1 }));
        foreach (object filter in (object[])[new { command_like = "%Echo%" }, new { since = "2000-01-01T00:00:00Z" }, new { exit_code = 7 }, new { all = true }])
            Assert.Equal([number], await Would(filter));
        (await server.PostAsync("/tasks/actions", new { action = "relaunch", filter = new { all = true, batch = "x" } }))
            .Problem(HttpStatusCode.BadRequest, "invalid");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_task_shows_its_attempts_and_its_history()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (number, id) = await server.SubmitAsync(new { argv = True, retry = 1 });
        var key = await server.ClaimAsync(id);
        await server.RunAsync(key);
        await server.PrintAsync(id, 1, OutputStream.Stdout, 0, "hello");
        var now = (await server.GetAsync($"/tasks/{number}")).Json();
        Assert.Equal(("running", 5),
            (now.GetProperty("attempts")[0].GetProperty("status").GetString(), now.GetProperty("attempts")[0].GetProperty("stdout_bytes").GetInt64()));
        await server.EndAsync(key,
            new AttemptResult
                { Failure = FailureClass.Exit, Reason = "exit code 1", ExitCode = 1, RunEnded = ApiServer.Now, Finished = ApiServer.Now, StdoutBytes = 5,
                Outputs = [new("a/b", 3, "m")] });
        await server.RaiseAsync(id, m => m.RetryDue, new Scitq.Coordinator.Tasks.RetryDue());
        await server.RaiseAsync(id, m => m.LeaseLost, new Scitq.Coordinator.Tasks.LeaseLost((await server.ClaimAsync(id, 2)).Lease, "w1 was silent"));
        await server.EndAsync(await server.ClaimAsync(id, 3));

        var shown = (await server.GetAsync($"/tasks/{id}")).Json();
        Assert.Equal(["failed", "lost", "succeeded"], shown.GetProperty("attempts").EnumerateArray().Select(a => a.GetProperty("status").GetString()));
        Assert.Equal($"{number}.1", shown.GetProperty("attempts")[0].GetProperty("execution_id").GetString());
        Assert.Equal("a/b", shown.GetProperty("attempts")[0].GetProperty("outputs")[0].GetProperty("name").GetString());
        Assert.Equal(
            ["submitted", "accepted", "started", "run_ended", "failed", "accepted", "lost", "accepted", "started", "run_ended", "succeeded"],
            shown.GetProperty("history").EnumerateArray().Select(h => h.GetProperty("kind").GetString()));
        Assert.Equal(("succeeded", 3, 1),
            (shown.GetProperty("status").GetString(), shown.GetProperty("attempt").GetInt32(), shown.GetProperty("infra_losses").GetInt32()));
        (await server.GetAsync("/tasks/99999")).Problem(HttpStatusCode.NotFound, "not_found");
        (await server.GetAsync($"/tasks/{Guid.NewGuid()}")).Problem(HttpStatusCode.NotFound, "not_found");
        (await server.GetAsync("/tasks/0x1")).Problem(HttpStatusCode.BadRequest, "invalid");
        (await server.GetAsync("/nothing")).Json(HttpStatusCode.NotFound);
    }

    [Fact(Timeout = 60_000)]
    public async Task Waiting_ends_with_the_task()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (number, id) = await server.SubmitAsync();
        var watch = Stopwatch.StartNew();
        Assert.Equal("pending", (await server.GetAsync($"/tasks/{number}?wait=1")).Json().GetProperty("status").GetString());
        Assert.InRange(watch.ElapsedMilliseconds, 900, int.MaxValue);
        var waiting = server.GetAsync($"/tasks/{number}?wait=30");
        var key = await server.ClaimAsync(id);
        await server.RunAsync(key);
        await server.EndAsync(key);
        Assert.Equal("succeeded", (await waiting).Json().GetProperty("status").GetString());
        // Not the whole time that it was given.
        Assert.InRange(watch.ElapsedMilliseconds, 900, 29_000);
        (await server.GetAsync($"/tasks/{number}?wait=30")).Json();
    }

    [Fact(Timeout = 60_000)]
    public async Task Waiting_hears_of_another_coordinator()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        await using var other = await ApiServer.StartAsync(postgres, shared: server.Options);
        var (number, id) = await server.SubmitAsync();
        var waiting = server.GetAsync($"/tasks/{number}?wait=30");
        await other.EndAsync(await other.ClaimAsync(id));
        Assert.Equal("succeeded", (await waiting.WaitAsync(TimeSpan.FromSeconds(5))).Json().GetProperty("status").GetString());
    }

    [Fact(Timeout = 60_000)]
    public async Task Tasks_are_cancelled_and_relaunched()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (number, id) = await server.SubmitAsync();
        (await server.PostAsync($"/tasks/{number}/relaunch")).Problem(HttpStatusCode.Conflict, "wrong_state");
        Assert.Equal("cancelled", (await server.PostAsync($"/tasks/{number}/cancel", new { reason = "because" })).Json(HttpStatusCode.Accepted)
            .GetProperty("status").GetString());
        (await server.PostAsync($"/tasks/{number}/cancel")).Problem(HttpStatusCode.Conflict, "wrong_state");
        Assert.Equal("pending", (await server.PostAsync($"/tasks/{id}/relaunch")).Json(HttpStatusCode.Accepted).GetProperty("status").GetString());
        await server.ClaimAsync(id);
        Assert.True((await server.PostAsync($"/tasks/{number}/cancel")).Json(HttpStatusCode.Accepted).GetProperty("cancel_requested").GetBoolean());
        (await server.PostAsync("/tasks/4711/cancel")).Problem(HttpStatusCode.NotFound, "not_found");
    }

    [Fact(Timeout = 120_000)]
    public async Task Many_are_acted_on_at_once()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var bulk = (await server.PostAsync("/tasks/bulk", new { tasks = Enumerable.Range(0, 2500).Select(i => new { argv = True, batch = "x" }) }))
            .Json(HttpStatusCode.Created);
        var first = bulk.GetProperty("tasks")[0].GetProperty("id").GetGuid();
        await server.EndAsync(await server.ClaimAsync(first));
        (await server.PostAsync("/tasks/actions", new { action = "cancel" })).Problem(HttpStatusCode.BadRequest, "invalid");
        (await server.PostAsync("/tasks/actions", new { action = "cancel", filter = new { } })).Problem(HttpStatusCode.BadRequest, "invalid");
        (await server.PostAsync("/tasks/actions", new { action = "eat", filter = new { batch = "x" } })).Problem(HttpStatusCode.BadRequest, "invalid");
        var dry = (await server.PostAsync("/tasks/actions", new { action = "cancel", filter = new { batch = new[] { "x" } }, dry_run = true })).Json();
        Assert.Equal((2499, 0, 2499), (dry.GetProperty("matched").GetInt32(), dry.GetProperty("done").GetInt32(), dry.GetProperty("tasks").GetArrayLength()));
        var watch = Stopwatch.StartNew();
        Assert.Equal(2499, (await server.PostAsync("/tasks/actions", new { action = "cancel", filter = new { batch = "x" }, reason = "enough" })).Json()
            .GetProperty("done").GetInt32());
        TestContext.Current.TestOutputHelper?.WriteLine($"{2499 / watch.Elapsed.TotalSeconds:0} cancels/s");
        Assert.Equal(0, (await server.PostAsync("/tasks/actions", new { action = "relaunch", filter = new { batch = "x" } })).Json().GetProperty("matched")
            .GetInt32());
        Assert.Equal(2499, (await server.PostAsync("/tasks/actions", new { action = "relaunch", filter = new { batch = "x", status = "cancelled" } })).Json()
            .GetProperty("done").GetInt32());
        var some = (await server.PostAsync("/tasks/actions",
            new { action = "relaunch", ids = new object[] { first, 2, "3", 4711, Guid.Empty.ToString().Replace('0', '1') } })).Json();
        Assert.Equal((3, 1), (some.GetProperty("matched").GetInt32(), some.GetProperty("done").GetInt32()));
        Assert.Equal(4, some.GetProperty("skipped").GetArrayLength());
    }

    [Fact(Timeout = 60_000)]
    public async Task Executions_are_listed_newest_first_and_paged()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (number, id) = await server.SubmitAsync(new { argv = True, batch = "a" });
        var finished = ApiServer.Now;
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            await server.EndAsync(await server.ClaimAsync(id, attempt, $"w{attempt}"), new AttemptResult { Finished = finished, ExitCode = 0 }, $"w{attempt}");
            await server.PostAsync($"/tasks/{number}/relaunch");
        }

        await server.ClaimAsync(id, 4, "w4");
        var seen = new List<string>();
        var after = "";
        do
        {
            var page = await server.GetAsync($"/attempts?limit=1{after}");
            seen.AddRange(page.Json().EnumerateArray().Select(a => a.GetProperty("execution_id").GetString()!));
            after = page.Header("X-Next-After") is { } next ? $"&after={next}" : "";
        }
        while (after.Length > 0);
        Assert.Equal([$"{number}.4", $"{number}.3", $"{number}.2", $"{number}.1"], seen);
        async Task<int> Count(string query) => (await server.GetAsync($"/attempts?{query}")).Json().GetArrayLength();
        Assert.Equal(new[] { 4, 1, 1, 4, 0, 3, 1 },
            new[] { await Count($"task={number}"), await Count("worker=w2"), await Count("worker=w4"), await Count("batch=a"), await Count("batch=b"),
            await Count("status=succeeded"), await Count("status=accepted") });
        (await server.GetAsync("/attempts?after=x")).Problem(HttpStatusCode.BadRequest, "invalid");
        (await server.GetAsync("/attempts?task=99")).Problem(HttpStatusCode.NotFound, "not_found");
        Assert.Equal((await server.GetAsync("/attempts")).Text, (await server.GetAsync("/executions")).Text);
        var paths = (await server.GetAsync("/openapi/v1.json")).Json().GetProperty("paths");
        Assert.True(paths.GetProperty("/api/v1/executions").GetProperty("get").GetProperty("deprecated").GetBoolean());
        Assert.False(paths.GetProperty("/api/v1/attempts").GetProperty("get").TryGetProperty("deprecated", out _));
    }
}

public sealed class SqliteTaskApiTests() : TaskApiTests(postgres: false);

public sealed class PostgresTaskApiTests() : TaskApiTests(postgres: true);
