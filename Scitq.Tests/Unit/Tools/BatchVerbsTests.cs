using System.Net;
using System.Net.Sockets;

namespace Scitq.Tests.Unit.Tools;

/// <summary>What scitq-manage asks and prints about whole batches.</summary>
[Trait("Level", "Unit")]
public sealed class BatchVerbsTests
{
    private const string Stopped = """
        {"batch":"b1","status":"stopped","stopped_by":"ann","stopped_reason":"why not","pending":1200,"running":2,"workers":["n1","n2"]}
        """;

    private const string Stats = """
        {"batch":"b1","ended":[{"batch":"b1","status":"succeeded","tasks":822,"attempts":830,"queue":{"median":120,"min":0,"max":1860,"p95":1000},
        "fetch":null,"run":{"median":1260,"min":240,"max":7380,"p95":5000},"upload":null,"peak_memory":1073741824,"cpu_seconds":3600.5,
        "bytes_in":0,"bytes_out":5,"cost":null,"causes":[]},{"batch":"b1","status":"failed","tasks":12,"attempts":13,"queue":null,"fetch":null,
        "run":null,"upload":null,"peak_memory":null,"cpu_seconds":0,"bytes_in":0,"bytes_out":0,"cost":null,"causes":["9 exit 1","3 oom"]}]}
        """;

    [Fact(Timeout = 60_000)]
    public async Task Stop_and_go_say_how_the_batch_stands_then()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = StubCoordinator.Json(Stopped);
        var stop = await ToolRun.Manage("batch", "stop", "b1", "--reason", "why not", "-s", stub.Address);
        Assert.Equal((0, "Batch b1 is stopped by ann (why not): 1,200 queued, 2 running, workers n1, n2\n"), (stop.Code, stop.Out));
        var look = await ToolRun.Manage("batch", "stop", "b1", "--dry-run", "-s", stub.Address);
        Assert.Equal((0, "Batch b1 would be stopped: 1,200 queued, 2 running, workers n1, n2\n"), (look.Code, look.Out));
        stub.Otherwise = StubCoordinator.Json("""{"batch":"b1","status":"running","pending":1,"running":0,"workers":[]}""");
        var go = await ToolRun.Manage("batch", "go", "-n", "b1", "-s", stub.Address);
        Assert.Equal("Batch b1 goes on: 1 queued, 0 running, no worker\n", go.Out);
        Assert.Equal(["POST /api/v1/batches/b1/stop", "GET /api/v1/batches/b1", "POST /api/v1/batches/b1/go"], stub.Requests);
    }

    [Fact(Timeout = 60_000)]
    public async Task More_than_one_batch_is_asked_about_and_an_unknown_one_stops_nothing()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = StubCoordinator.Json(Stopped);
        Assert.Equal(2, (await ToolRun.Manage("batch", "stop", "b1", "b2", "-s", stub.Address)).Code);
        Assert.DoesNotContain(stub.Requests, r => r.StartsWith("POST", StringComparison.Ordinal));
        Assert.Equal(0, (await ToolRun.Manage("batch", "stop", "-y", "b1", "b2", "-s", stub.Address)).Code);
        Assert.Equal(2, stub.Requests.Count(r => r.StartsWith("POST", StringComparison.Ordinal)));
        stub.Otherwise = null;
        Assert.Equal(3, (await ToolRun.Manage("batch", "stop", "-y", "b1", "b2", "-s", stub.Address)).Code);
        Assert.Equal(2, (await ToolRun.Manage("batch", "go", "-s", stub.Address)).Code);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("stop --term", "stop", "stopped"), InlineData("stop -N 3", "stop", "stopped"), InlineData("stop --kill", "kill", "killed")]
    [InlineData("stop -N 9", "kill", "killed"), InlineData("stop -N 20", "pause", "paused"), InlineData("stop -N USR1", "signal", "signalled")]
    [InlineData("go --cont", "resume", "resumed"), InlineData("go -N 18", "resume", "resumed")]
    public async Task What_runs_of_a_batch_is_acted_on_once_the_batch_is_changed(string line, string action, string done)
    {
        await using var stub = await StubCoordinator.StartAsync();
        var asked = new List<string>();
        stub.Otherwise = async context =>
        {
            if (context.Request.Path.Value != "/api/v1/tasks/actions")
            {
                await StubCoordinator.Json(Stopped)(context);
                return;
            }

            asked.Add(await new StreamReader(context.Request.Body).ReadToEndAsync());
            await StubCoordinator.Json("""{"matched":2,"done":2,"tasks":[1,2],"skipped":[]}""")(context);
        };
        string[] words = ["batch", .. line.Split(' '), "b1", "-s", stub.Address];
        Assert.Equal(2, (await ToolRun.Manage(words)).Code);
        var run = await ToolRun.Manage([.. words, "-y"]);
        Assert.Equal(0, run.Code);
        Assert.EndsWith($"; 2 tasks are being {done}\n", run.Out, StringComparison.Ordinal);
        Assert.All(asked, body => Assert.Contains($"\"action\":\"{action}\",\"filter\":{{\"batch\":\"b1\"", body, StringComparison.Ordinal));
        Assert.Contains("\"dry_run\":false", asked[^1], StringComparison.Ordinal);
        Assert.Equal("POST /api/v1/tasks/actions", stub.Requests.Last());
    }

    [Theory(Timeout = 60_000)]
    [InlineData("stop b1 --term --kill"), InlineData("stop b1 -N nothing"), InlineData("go b1 -N 9")]
    public async Task What_makes_no_sense_together_is_refused(string line) =>
        Assert.Equal(2, (await ToolRun.Manage(["batch", .. line.Split(' ')])).Code);

    [Fact(Timeout = 60_000)]
    public async Task An_update_says_what_holds_then()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = StubCoordinator.Json("""{"batch":"b1","status":"running","max_fails":20,"description":"genomes"}""");
        var run = await ToolRun.Manage("batch", "update", "b1", "--max-fails", "20", "-s", stub.Address);
        Assert.Equal((0, "Batch b1 is stopped after 20 failures in a row; it is for: genomes\n"), (run.Code, run.Out));
        Assert.Equal(2, (await ToolRun.Manage("batch", "update", "b1", "-s", stub.Address)).Code);
        Assert.Equal(2, (await ToolRun.Manage("batch", "update", "b1", "--max-fails", "-1", "-s", stub.Address)).Code);
        Assert.Single(stub.Requests);
    }

    [Fact(Timeout = 60_000)]
    public async Task Statistics_are_a_table_for_people_and_a_column_a_figure_for_programs()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = StubCoordinator.Json(Stats);
        var table = (await ToolRun.RunAsync("scitq-manage", ["batch", "stats", "b1", "--format", "table", "-s", stub.Address], width: 200)).Out;
        Assert.Contains("2m00s (0.0s-31m00s)", table, StringComparison.Ordinal);
        Assert.Contains("9 exit 1, 3 oom", table, StringComparison.Ordinal);
        var lines = (await ToolRun.Manage("batch", "stats", "b1", "--format", "csv", "-C", "status,tasks,run_median,queue_p95,cpu_seconds,cost",
            "-s", stub.Address)).Out;
        Assert.Equal("status,tasks,run_median,queue_p95,cpu_seconds,cost\nsucceeded,822,1260,1000,3600.5,\nfailed,12,,,0,\n", lines);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_export_is_copied_as_it_comes_and_one_that_breaks_off_is_an_error()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = StubCoordinator.Json("a,b\n1,2\n");
        Assert.Equal("a,b\n1,2\n", (await ToolRun.Manage("batch", "export", "b1", "-s", stub.Address)).Out);
        Assert.Equal(0, (await ToolRun.Manage("batch", "export", "b1", "--format", "jsonl", "-s", stub.Address)).Code);
        Assert.Equal(["GET /api/v1/batches/b1/export?format=csv", "GET /api/v1/batches/b1/export?format=jsonl"], stub.Requests);
        Assert.Equal(2, (await ToolRun.Manage("batch", "export", "b1", "--format", "table", "-s", stub.Address)).Code);

        using var half = new TcpListener(IPAddress.Loopback, 0);
        half.Start();
        var answering = AnswerAsync();
        var broken = await ToolRun.Manage("batch", "export", "b1", "-s", half.LocalEndpoint.ToString()!);
        using var answered = await answering;
        Assert.Equal(5, broken.Code);
        Assert.Contains("broke off", broken.Error, StringComparison.Ordinal);

        async Task<TcpClient> AnswerAsync()
        {
            var client = await half.AcceptTcpClientAsync();
            await client.GetStream().ReadAtLeastAsync(new byte[1000], 50);
            await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na,b\n1,"u8.ToArray());
            client.Client.Shutdown(SocketShutdown.Send);
            return client;
        }
    }
}
