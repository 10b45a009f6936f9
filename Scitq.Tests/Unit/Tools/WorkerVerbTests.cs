namespace Scitq.Tests.Unit.Tools;

/// <summary>The verbs about workers, against a stand-in for the coordinator.</summary>
[Trait("Level", "Unit")]
public sealed class WorkerVerbTests
{
    private const string Two = """
        [{"worker_id":1,"name":"node1","status":"running","batch":"b1","concurrency":4,"prefetch":1,"running":4,"load":3.5,"last_seen":"2026-11-27T10:00:00Z",
          "usage":{"at":"2026-11-27T10:00:00Z","cpu":97.4,"io_wait":1,"memory":81.2,"load":3.5,"disk":43,"disk_read":2097152,"disk_written":0,"received":10,"sent":20,"gpu":null,"gpu_memory":null}},
         {"worker_id":2,"name":"1","status":"offline","batch":"b2","concurrency":1,"prefetch":0,"running":0,"load":0,"last_seen":"2026-11-27T09:00:00Z","usage":null}]
        """;

    [Fact(Timeout = 60_000)]
    public async Task A_list_of_workers_tells_how_busy_each_is()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = StubCoordinator.Json(Two);
        var lines = (await ToolRun.Manage("worker", "list", "-s", stub.Address)).Out.Split('\n');
        Assert.Equal("worker_id\tname\tstatus\tbatch\tconcurrency\tprefetch\trunning\tcpu%\tmem%\tdisk%\tload\tlast_seen\twhy", lines[0]);
        Assert.Equal("1\tnode1\trunning\tb1\t4\t1\t4\t97.4\t81.2\t43\t3.5\t2026-11-27T10:00:00.000Z\t", lines[1]);
        Assert.StartsWith("2\t1\toffline\tb2\t1\t0\t0\t\t\t\t0\t", lines[2], StringComparison.Ordinal);
        var table = (await ToolRun.Manage("worker", "stats", "node1", "--format", "table", "-s", stub.Address)).Out;
        Assert.Matches(@"name +status +cpu% +iowait% +mem% +load +disk% +read/s", table);
        Assert.Matches(@"node1 +running +97 +1 +81 +3.5 +43 +2.0 MiB", table);
        Assert.DoesNotContain("gpu", table, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task One_worker_is_drained_at_once_and_waited_for_until_it_has_left()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.First(StubCoordinator.Json("""{"worker":"node1","worker_id":4,"note":null,"order_id":null}""", 202))
            .First(StubCoordinator.Json("""{"name":"node1","status":"draining","draining":true}"""))
            .First(StubCoordinator.Json("""{"name":"node1","status":"offline","draining":true}"""))
            .First(StubCoordinator.Json("""{"name":"node1","status":"offline","draining":false}"""));
        var run = await ToolRun.Manage("worker", "drain", "node1", "--wait", "-s", stub.Address);
        Assert.Equal((0, "Worker node1 has drained and left\n"), (run.Code, run.Out));
        Assert.Equal(["POST /api/v1/workers/node1/drain", .. Enumerable.Repeat("GET /api/v1/workers/node1", 3)], stub.Requests);

        stub.First(StubCoordinator.Json("""{"worker":"node1","worker_id":4,"note":"it stays."}""", 202))
            .First(StubCoordinator.Json("""{"name":"node1","status":"running","draining":false}"""));
        var resumed = await ToolRun.Manage("worker", "drain", "node1", "--wait", "-s", stub.Address);
        Assert.Equal((6, ""), (resumed.Code, resumed.Out));
        Assert.Contains("it stays.", resumed.Error, StringComparison.Ordinal);
        stub.First(StubCoordinator.Json("""{"worker":"node1","worker_id":4,"note":null}""", 202))
            .First(StubCoordinator.Json("""{"name":"node1","status":"draining","draining":true}"""));
        stub.Otherwise = StubCoordinator.Json("""{"name":"node1","status":"draining","draining":true}""");
        Assert.Equal(124, (await ToolRun.Manage("worker", "drain", "node1", "--wait", "-t", "1", "-s", stub.Address)).Code);
        stub.First(StubCoordinator.Json("""{"detail":"worker node1 can't be drained: it is offline, so there is nothing to drain.","code":"wrong_state"}""", 409));
        Assert.Equal(6, (await ToolRun.Manage("worker", "drain", "node1", "-s", stub.Address)).Code);
    }

    [Fact(Timeout = 60_000)]
    public async Task Several_workers_are_looked_at_and_asked_about_before_anything_is_done()
    {
        await using var stub = await StubCoordinator.StartAsync();
        var bodies = new List<string>();
        stub.Otherwise = async context =>
        {
            bodies.Add(await new StreamReader(context.Request.Body).ReadToEndAsync());
            await StubCoordinator.Json("""{"matched":2,"done":2,"workers":[{"worker":"a","worker_id":1,"note":null},{"worker":"b","worker_id":2,"note":"later."}],"skipped":[]}""")(context);
        };
        Assert.Equal(2, (await ToolRun.Manage("worker", "delete", "a", "-b", "x,y", "-s", stub.Address)).Code);
        var run = await ToolRun.Manage("worker", "delete", "-y", "a", "b", "--force", "--reason", "old", "-s", stub.Address);
        Assert.Equal((0, "Worker a is deleted\nWorker b is being deleted: later.\n"), (run.Code, run.Out));
        var look = await ToolRun.Manage("worker", "delete", "a", "--dry-run", "-s", stub.Address);
        Assert.Equal((0, "2 workers would be deleted: a b\n"), (look.Code, look.Out));
        Assert.Equal(
            ["""{"action":"delete","workers":["a"],"batches":["x","y"],"dry_run":true}""",
                """{"action":"delete","workers":["a","b"],"dry_run":true,"reason":"old","force":true}""",
                """{"action":"delete","workers":["a","b"],"dry_run":false,"reason":"old","force":true}""",
                """{"action":"delete","workers":["a"],"dry_run":true}"""],
            bodies);
        stub.Otherwise = StubCoordinator.Json("""{"matched":1,"done":1,"workers":[{"worker":"a","worker_id":1,"note":null}],"skipped":[{"worker":"b","why":"it has 1 task."}]}""");
        var partly = await ToolRun.Manage("worker", "delete", "a", "b", "-s", stub.Address);
        Assert.Equal((1, "Worker a is deleted\n"), (partly.Code, partly.Out));
        Assert.Contains("worker b left alone: it has 1 task.", partly.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await ToolRun.Manage("worker", "delete", "-s", stub.Address)).Code);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_history_of_workers_is_asked_for_one_by_one()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = context => context.Request.Path == "/api/v1/workers" ? StubCoordinator.Json(Two)(context) : StubCoordinator.Json(
            """{"worker":"x","status":"running","now":null,"step":30,"history":[{"at":"2026-11-27T10:00:00Z","cpu":50,"io_wait":0,"memory":1,"load":2,"disk":null}]}""")(context);
        var run = await ToolRun.Manage("worker", "stats", "-b", "b1,b2", "--last", "6h", "--step", "30m", "-s", stub.Address);
        Assert.Equal(
            "name\tat\tcpu%\tiowait%\tmem%\tload\tdisk%\tread/s\twrite/s\tin/s\tout/s\tgpu%\tgpu_mem%\n"
            + "node1\t2026-11-27T10:00:00.000Z\t50\t0\t1\t2\t\t\t\t\t\t\t\n1\t2026-11-27T10:00:00.000Z\t50\t0\t1\t2\t\t\t\t\t\t\t\n",
            run.Out);
        Assert.Equal(["GET /api/v1/workers", "GET /api/v1/workers/node1/stats?minutes=360&step=30", "GET /api/v1/workers/1/stats?minutes=360&step=30"],
            stub.Requests);
        Assert.Equal(3, (await ToolRun.Manage("worker", "stats", "nobody", "-s", stub.Address)).Code);
        Assert.Equal(2, (await ToolRun.Manage("worker", "stats", "--last", "25h", "-s", stub.Address)).Code);
        Assert.Equal(2, (await ToolRun.Manage("worker", "stats", "--step", "1m", "-s", stub.Address)).Code);
    }
}
