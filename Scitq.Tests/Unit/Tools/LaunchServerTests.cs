using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Scitq.Tests.Servers;
using Scitq.Tools;

namespace Scitq.Tests.Unit.Tools;

[Trait("Level", "Unit")]
public sealed class LaunchServerTests
{
    /// <summary>Longer than a connection may take to come up, which is not the user's patience.</summary>
    [Fact(Timeout = 60_000)]
    public async Task A_broker_that_is_deaf_is_tried_again_until_the_timeout()
    {
        using var deaf = new TcpListener(IPAddress.Loopback, 0);
        deaf.Start();
        var time = new FakeTimeProvider();
        var launch = ToolRun.RunAsync("scitq-launch",
            ["-s", $"amqp://u:p@127.0.0.1:{((IPEndPoint)deaf.LocalEndpoint).Port}", "--timeout", "90", "true"], clock: time);
        using var asked = await deaf.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await Eventually.Async(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(launch.IsCompleted);
            },
            "the launch gives up");
        var run = await launch;
        Assert.Equal(ExitCodes.Unreachable, run.Code);
        Assert.Contains("does not answer; trying again", run.Error, StringComparison.Ordinal);
        Assert.Contains("gave up after", run.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_task_is_queued_word_for_word_and_its_number_printed()
    {
        await using var stub = await StubCoordinator.StartAsync();
        var run = await ToolRun.Launch("-s", stub.Address, "-b", "b1", "printf", "[%s]", "", "a\tb", "it's \"x\"");
        Assert.Equal((0, "Task queued with task id: 1\n"), (run.Code, run.Out));
        var task = Assert.Single(stub.Tasks).Value;
        Assert.Equal(["printf", "[%s]", "", "a\tb", "it's \"x\""], task.GetProperty("argv").EnumerateArray().Select(w => w.GetString()!));
    }

    [Fact(Timeout = 60_000)]
    public async Task L27b_A_lost_answer_is_asked_for_again_with_the_same_id()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.First(stub.TakeAndBreakAsync).First(stub.TakeAndBreakAsync);
        var run = await ToolRun.Launch("-s", stub.Address, "--timeout", "20", "true");
        Assert.Equal((0, "Task queued with task id: 1\n"), (run.Code, run.Out));
        Assert.Equal((1, 3), (stub.Tasks.Count, stub.Submissions));
        Assert.Contains("trying again", run.Error);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_that_is_not_ready_is_tried_again()
    {
        await using var stub = await StubCoordinator.StartAsync();
        var away = StubCoordinator.Json("""{"detail":"the database is away","status":503}""", 503);
        stub.First(away).First(away);               // the quick try and the first that tells
        var run = await ToolRun.Launch("-s", stub.Address, "--timeout", "20", "-q", "true");
        Assert.Equal((0, "1\n"), (run.Code, run.Out));
        Assert.Contains("the database is away", run.Error);
    }

    [Fact(Timeout = 60_000)]
    public async Task L27_A_server_that_is_down_is_given_up_after_the_timeout()
    {
        var watch = Stopwatch.StartNew();
        var run = await ToolRun.Launch("-s", "127.0.0.1:1", "--timeout", "2", "true");
        Assert.Equal(5, run.Code);
        Assert.Contains("connection refused", run.Error);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.5, 10);
        Assert.Empty(run.Out);
    }

    [Fact(Timeout = 60_000)]
    public async Task L27_An_interrupt_ends_the_trying_with_130()
    {
        var run = await ToolRun.RunAsync("scitq-launch", ["-s", "127.0.0.1:1", "--timeout", "60", "true"], started: io =>
            _ = Task.Delay(500).ContinueWith(_ => io.Interrupt(), TaskScheduler.Default));
        Assert.Equal(130, run.Code);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(400, "invalid", 2), InlineData(401, "unauthorized", 4), InlineData(404, "not_found", 3), InlineData(409, "wrong_state", 6),
        InlineData(500, "error", 1)]
    public async Task The_servers_refusal_is_one_line_and_its_exit_code(int status, string code, int expected)
    {
        await using var stub = await StubCoordinator.StartAsync();
        var refusal = StubCoordinator.Json($$"""{"detail":"requirement 999999 is no task","code":"{{code}}","hint":"look first"}""", status);
        stub.First(refusal).First(refusal);
        var run = await ToolRun.Launch("-s", stub.Address, "-R", "999999", "true");
        Assert.Equal(expected, run.Code);
        Assert.Contains("requirement 999999 is no task", run.Error);
        Assert.Contains("look first", run.Error);
        Assert.Empty(stub.Tasks);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_token_comes_from_a_file_or_the_environment()
    {
        await using var stub = await StubCoordinator.StartAsync();
        var seen = new List<string>();
        Func<HttpContext, Task> look = context =>
        {
            seen.Add(context.Request.Headers.Authorization.ToString());
            return StubCoordinator.Json("""{"task_id":1}""")(context);
        };
        stub.First(look).First(look);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "from-file\n");
        await ToolRun.RunAsync("scitq-launch", ["-s", stub.Address, "--token-file", file, "true"], new() { ["SCITQ_TOKEN"] = "other" });
        await ToolRun.RunAsync("scitq-launch", ["true"], new() { ["SCITQ_TOKEN"] = "from-env", ["SCITQ_SERVER"] = stub.Address });
        File.Delete(file);
        Assert.Equal(["Bearer from-file", "Bearer from-env"], seen);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_server_comes_from_the_users_file()
    {
        await using var stub = await StubCoordinator.StartAsync();
        var home = Directory.CreateTempSubdirectory();
        Directory.CreateDirectory(Path.Combine(home.FullName, "scitq"));
        await File.WriteAllTextAsync(Path.Combine(home.FullName, "scitq", "config.json"), $$"""{"server":"{{stub.Address}}","batch":"mine"}""");
        var run = await ToolRun.RunAsync("scitq-launch", ["true"], new() { ["XDG_CONFIG_HOME"] = home.FullName });
        home.Delete(true);
        Assert.True(run.Code == 0, run.Error);
        Assert.Equal("mine", Assert.Single(stub.Tasks).Value.GetProperty("batch").GetString());
    }

    [Fact(Timeout = 60_000)]
    public async Task Follow_copies_both_streams_byte_for_byte_across_a_broken_connection()
    {
        await using var stub = await StubCoordinator.StartAsync();
        var bytes = new byte[300_000];
        new Random(7).NextBytes(bytes);
        var resumed = new List<string>();
        var calls = 0;
        stub.Otherwise = async context =>
        {
            resumed.Add(context.Request.Headers["Last-Event-ID"].ToString());
            context.Response.ContentType = "text/event-stream";
            if (++calls == 1)
            {
                await Event(context, "status", """{"task_id":1,"status":"accepted","worker":"node1","phase":"pulling img 40 %"}""");
                await Chunk(context, "stdout", 0, bytes[..200_000]);
                await Chunk(context, "stderr", 0, "oops"u8.ToArray());
                return;                                                     // the connection ends without an end
            }

            await Chunk(context, "stdout", 100_000, bytes[100_000..]);      // repeats what came already
            await Event(context, "end", """{"task_id":1,"status":"failed","exit_code":3,"failure_class":"exit","reason":"the command ended with exit code 3 after 5.2s","started":"2026-01-01T00:00:00Z","run_ended":"2026-01-01T00:00:05.2Z"}""");
        };
        var run = await ToolRun.Launch("-s", stub.Address, "--follow", "cmd");
        Assert.Equal(3, run.Code);
        Assert.Equal(bytes, run.OutBytes);
        Assert.Equal("Task queued with task id: 1\n[worker node1] pulling img 40 %\noopsTask 1 failed: the command ended with exit code 3 after 5.2s\n",
            run.Error);
        Assert.Equal(["", "1:200000:4"], resumed);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("succeeded", "0", 0), InlineData("failed", "7", 7), InlineData("failed", "null", 125), InlineData("failed", "0", 125),
        InlineData("cancelled", "143", 143)]
    public async Task Wait_exits_with_the_tasks_own_code(string status, string code, int expected)
    {
        await using var stub = await StubCoordinator.StartAsync();
        var polls = 0;
        stub.Otherwise = context => StubCoordinator.Json($$"""{"task_id":1,"status":"{{(++polls < 3 ? "running" : status)}}","exit_code":{{code}}}""")(context);
        var run = await ToolRun.Launch("-s", stub.Address, "--wait", "cmd");
        Assert.Equal(expected, run.Code);
        Assert.Equal(3, polls);
        Assert.Empty(run.Out);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_interrupt_while_waiting_says_that_the_task_goes_on()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = async context => await Task.Delay(TimeSpan.FromSeconds(30), context.RequestAborted);
        var run = await ToolRun.RunAsync("scitq-launch", ["-s", stub.Address, "--wait", "cmd"], started: io =>
            _ = Task.Delay(800).ContinueWith(_ => io.Interrupt(), TaskScheduler.Default));
        Assert.Equal(130, run.Code);
        Assert.Contains("task 1 goes on", run.Error);
    }

    [Fact(Timeout = 60_000)]
    public async Task Each_row_becomes_a_task_with_its_columns_filled_in()
    {
        await using var stub = await StubCoordinator.StartAsync();
        var run = await ToolRun.RunAsync("scitq-launch",
            ["-s", stub.Address, "--tsv", "-", "-n", "{sample}", "-i", "{uri}", "awk", "{print $1}", "/input/{file}"],
            input: "sample\turi\tfile\ns1\ts3://in/a b\tx{y}\r\ns2\t\tz\n");
        Assert.True(run.Code == 0, run.Error);
        Assert.Equal("Queued 2 tasks (ids 1-2) in batch Default\n", run.Out);
        var first = stub.Tasks.Values.Single(t => t.GetProperty("name").GetString() == "s1");
        Assert.Equal("[\"s3://in/a b\"]", first.GetProperty("inputs").GetRawText());
        Assert.Equal("/input/x{y}", first.GetProperty("argv")[2].GetString());
        Assert.Equal("{print $1}", first.GetProperty("argv")[1].GetString());
        Assert.Equal("s1\ts3://in/a b\tx{y}", first.GetProperty("env").GetProperty("SCITQ_ENTRY").GetString());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_defect_in_the_last_line_queues_nothing()
    {
        await using var stub = await StubCoordinator.StartAsync();
        var run = await ToolRun.RunAsync("scitq-launch", ["-s", stub.Address, "--each-line", "-", "-i", "{}", "cmd"], input: "s3://a/1\ns3://a/2\nbogus\n");
        Assert.Equal(2, run.Code);
        Assert.Contains("line 3: input 'bogus'", run.Error);
        Assert.Empty(stub.Tasks);
    }

    [Fact(Timeout = 60_000)]
    public async Task Many_lines_go_in_chunks_and_repeating_the_call_with_its_id_queues_nothing_twice()
    {
        await using var stub = await StubCoordinator.StartAsync();
        var lines = new StringBuilder();
        for (var i = 0; i < 12_345; i++) lines.Append($"line {i}\n");
        var id = Guid.NewGuid().ToString();
        var run = await ToolRun.RunAsync("scitq-launch", ["-s", stub.Address, "--task-id", id, "--each-line", "-", "echo", "{}"], input: lines.ToString());
        Assert.Equal("Queued 12,345 tasks (ids 1-12345) in batch Default\n", run.Out);
        Assert.Equal(2, stub.Requests.Count(r => r == "POST /api/v1/tasks/bulk"));
        await ToolRun.RunAsync("scitq-launch", ["-s", stub.Address, "--task-id", id, "--each-line", "-", "echo", "{}"], input: lines.ToString());
        Assert.Equal((12_345, 24_690), (stub.Tasks.Count, stub.Submissions));
    }

    [Fact(Timeout = 60_000)]
    public async Task Waiting_needs_more_than_a_broker()
    {
        var run = await ToolRun.Launch("-s", "amqp://user:secret@127.0.0.1:1/", "--wait", "cmd");
        Assert.Equal(2, run.Code);
        Assert.DoesNotContain("secret", run.Error);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_broker_that_is_down_is_given_up_after_the_timeout_without_telling_its_password()
    {
        var run = await ToolRun.Launch("-s", "amqp://user:secret@127.0.0.1:1/", "--timeout", "1", "cmd");
        Assert.Equal(5, run.Code);
        Assert.DoesNotContain("secret", run.Error);
    }

    private static async Task Event(HttpContext context, string name, string data, string? id = null) =>
        await context.Response.WriteAsync($"event: {name}\n{(id is null ? "" : $"id: {id}\n")}data: {data}\n\n");

    private static Task Chunk(HttpContext context, string stream, long offset, byte[] data) =>
        Event(context, stream, $$"""{"attempt":1,"offset":{{offset}},"data":"{{Convert.ToBase64String(data)}}"}""");
}
