using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Scitq.Tools.Manage;

namespace Scitq.Tests.Unit.Tools;

[Trait("Level", "Unit")]
public sealed class ManageTests
{
    private const string Nasty = """{"task_id":2,"id":"7f3c1e9e-8d8b-4b0a-9f5e-0f0b8c1d2e3f","name":"[red]a\tb\u001b[31m","batch":"b1","status":"failed","failure_class":"oom","worker":"node1","exit_code":137,"retry":2,"retries_left":1,"argv":["sh","-c","if [ -f $f ]; then\necho [/] é; fi"]}""";
    private const string Formula = """{"task_id":1,"name":"=1+1","batch":"b1","status":"running","worker":null,"exit_code":null,"retry":0,"retries_left":0,"argv":["echo","a,b"]}""";

    [Fact(Timeout = 60_000)]
    public async Task Every_level_has_help_on_stdout_within_100_columns()
    {
        List<string[]> levels = [["-h"], ["help"], ["help", "exit-codes"], .. Verbs.Objects.Select(o => new[] { o, "--help" }),
            .. Verbs.All.Select(v => new[] { v.Object, v.Name, "-h" })];
        foreach (var level in levels)
        {
            var run = await ToolRun.Manage(level);
            Assert.True(run.Code == 0 && run.Out.Length > 0 && run.Error.Length == 0, string.Join(' ', level));
            Assert.All(run.Out.Split('\n'), line => Assert.True(line.Length <= 100, line));
        }
    }

    [Theory(Timeout = 60_000)]
    [InlineData("", "Usage:"), InlineData("taks list", "did you mean task?"), InlineData("task lst", "did you mean list?"),
        InlineData("task list --stauts failed", "did you mean --status?")]
    [InlineData("task list -S faild", "did you mean failed?"), InlineData("task list extra", "takes no 'extra'"), InlineData("task show", "which task?"),
        InlineData("task cancel", "which tasks?")]
    [InlineData("task list --format yaml", "none of table"), InlineData("task show -i x-y", "is no task id"),
        InlineData("task cancel 1 -S failed", "not both"), InlineData("task list --json -s amqp://h", "HTTP address")]
    public async Task A_wrong_command_line_is_exit_code_2(string line, string expected)
    {
        var run = await ToolRun.Manage(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, run.Code);
        Assert.Contains(expected, run.Error + run.Out);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_list_is_tsv_in_a_pipe_and_control_characters_are_shown_not_obeyed()
    {
        await using var stub = await WithTasksAsync();
        var run = await ToolRun.Manage("-s", stub.Address, "task", "list");
        var lines = run.Out.Split('\n');
        Assert.Equal("task_id\tname\tstatus\twhy\tworker\truntime\texit_code\tretry\tcommand", lines[0]);
        Assert.Equal("2\t[red]a\\tb\\x1b[31m\tfailed\toom\tnode1\t\t137\t1/2\tsh -c 'if [ -f $f ]; then\\necho [/] é; fi'", lines[1]);
        Assert.DoesNotContain('\u001b', run.Out);
    }

    [Theory(Timeout = 60_000), InlineData(20), InlineData(80), InlineData(200)]
    public async Task A_table_takes_any_text_and_loses_no_column_on_any_terminal(int width)
    {
        await using var stub = await WithTasksAsync();
        var run = await ToolRun.RunAsync("scitq-manage", ["-s", stub.Address, "task", "list"], new() { ["NO_COLOR"] = "1" }, terminal: true, width: width);
        Assert.True(run.Code == 0, run.Error);
        Assert.All(["task_id", "name", "status", "why", "worker", "exit_code", "retry", "command", "[red]a\\tb", "oom", "137", "1/2"], word =>
            Assert.Contains(word, run.Out));
        Assert.DoesNotContain('\u001b', run.Out);
        Assert.Contains("2 of 2 tasks", run.Error);
    }

    [Fact(Timeout = 60_000)]
    public async Task Csv_is_no_formula()
    {
        await using var stub = await WithTasksAsync();
        var run = await ToolRun.Manage("task", "list", "--format", "csv", "-H", "-C", "task_id,name,command", "-s", stub.Address);
        Assert.EndsWith("1,\"'=1+1\",\"echo a,b\"\n", run.Out);
    }

    [Fact(Timeout = 60_000)]
    public async Task Json_is_one_array_and_jsonl_one_object_a_line()
    {
        await using var stub = await WithTasksAsync();
        var json = await ToolRun.Manage("task", "list", "--json", "-s", stub.Address);
        Assert.Equal(2, JsonDocument.Parse(json.Out).RootElement.GetArrayLength());
        var lines = await ToolRun.Manage("--format", "jsonl", "task", "list", "-s", stub.Address);
        Assert.Equal(2, lines.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Count(l => JsonDocument.Parse(l).RootElement.GetProperty("task_id").GetInt64() > 0));
        var none = await ToolRun.Manage("task", "list", "-q", "-s", stub.Address);
        Assert.Equal("2\n1\n", none.Out);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_list_goes_on_page_by_page_with_the_filters_asked_for()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = context =>
        {
            var first = !context.Request.Query.ContainsKey("after");
            if (first) context.Response.Headers["X-Next-After"] = "2";
            return StubCoordinator.Json($"[{(first ? Nasty : Formula)}]")(context);
        };
        var run = await ToolRun.Manage("task", "list", "-b", "b1", "-S", "failed,running", "--class", "oom", "-w", "node 1", "-q", "-s", stub.Address);
        Assert.Equal("2\n1\n", run.Out);
        Assert.Equal(["GET /api/v1/tasks?batch=b1&status=failed&status=running&worker=node%201&class=oom&limit=1000",
            "GET /api/v1/tasks?batch=b1&status=failed&status=running&worker=node%201&class=oom&limit=1000&after=2"], stub.Requests);
    }

    [Fact(Timeout = 60_000)]
    public async Task Show_gives_one_object_and_an_unknown_task_is_exit_code_3_with_a_json_error()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.First(StubCoordinator.Json(Nasty));
        var run = await ToolRun.Manage("task", "show", "-i", "2", "--format", "json", "-s", stub.Address);
        Assert.Equal("oom", JsonDocument.Parse(run.Out).RootElement.GetProperty("failure_class").GetString());
        var none = await ToolRun.Manage("task", "show", "99", "--json", "-s", stub.Address);
        Assert.Equal(3, none.Code);
        Assert.Equal("not_found", JsonDocument.Parse(none.Out).RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact(Timeout = 60_000)]
    public async Task Logs_are_byte_exact_and_tail_counts_lines()
    {
        await using var stub = await StubCoordinator.StartAsync();
        var log = Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(1, 100_000)) + "\n");
        log[5] = 0xff;
        stub.Otherwise = context => context.Request.Path.Value!.EndsWith("stdout", StringComparison.Ordinal)
            ? Results.Bytes(log, "application/octet-stream", enableRangeProcessing: true).ExecuteAsync(context)
            : Results.Bytes([], "application/octet-stream", enableRangeProcessing: true).ExecuteAsync(context);
        Assert.Equal(log, (await ToolRun.Manage("task", "logs", "12", "-s", stub.Address)).OutBytes);
        Assert.Equal("99999\n100000\n", (await ToolRun.Manage("task", "output", "-i", "12", "--tail", "2", "-s", stub.Address)).Out);
        Assert.Equal(log, (await ToolRun.Manage("task", "logs", "--tail", "100000", "12", "-s", stub.Address)).OutBytes);
        var file = Path.GetTempFileName();
        Assert.Equal(0, (await ToolRun.Manage("task", "logs", "12", "--download", file, "-s", stub.Address)).Code);
        Assert.Equal(log, await File.ReadAllBytesAsync(file));
        File.Delete(file);
        // By way of a link, so that this test, if it fails, replaces no device.
        File.CreateSymbolicLink(file, "/dev/null");
        Assert.Equal(0, (await ToolRun.Manage("task", "logs", "12", "--download", file, "-s", stub.Address)).Code);
        Assert.NotNull(new FileInfo(file).LinkTarget);
        File.Delete(file);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_error_brings_no_header()
    {
        var result = await ToolRun.Manage("task", "list", "--since", "yesterday", "-s", "127.0.0.1:1");
        Assert.Equal((2, ""), (result.Code, result.Out));
    }

    [Fact(Timeout = 60_000)]
    public async Task Acting_on_several_needs_a_confirmation()
    {
        await using var stub = await StubCoordinator.StartAsync();
        var bodies = new List<string>();
        stub.Otherwise = async context =>
        {
            bodies.Add(await new StreamReader(context.Request.Body).ReadToEndAsync());
            await StubCoordinator.Json("""{"matched":3,"done":3,"tasks":[14,31,15],"skipped":[]}""")(context);
        };
        var refused = await ToolRun.Manage("task", "relaunch", "-b", "b1", "-S", "failed", "-s", stub.Address);
        Assert.Equal(2, refused.Code);
        Assert.Contains("-y", refused.Error);
        Assert.DoesNotContain(bodies, b => b.Contains("\"dry_run\":false"));
        var look = await ToolRun.Manage("task", "relaunch", "-b", "b1", "--dry-run", "-s", stub.Address);
        Assert.Equal("3 tasks would be queued again: 14-15 31\n", look.Out);
        var done = await ToolRun.Manage("task", "cancel", "-y", "14,15,31", "--reason", "why not", "-s", stub.Address);
        Assert.Equal((0, "3 tasks are being cancelled: 14-15 31\n"), (done.Code, done.Out));
        Assert.Equal("""{"action":"cancel","ids":["14","15","31"],"dry_run":false,"reason":"why not"}""", bodies[^1]);
        await ToolRun.Manage("task", "cancel", "--dry-run", "--exit-code", "3", "--until", "2026-01-01T00:00Z", "--command-like", "%x%", "-s", stub.Address);
        Assert.Equal(
            """{"action":"cancel","filter":{"exit_code":3,"until":"2026-01-01T00:00:00Z","command_like":"%x%"},"dry_run":true}""", bodies[^1]);
        await ToolRun.Manage("task", "signal", "-y", "-b", "b1", "-N", "USR1", "-s", stub.Address);
        Assert.Equal("""{"action":"signal","filter":{"batch":["b1"]},"dry_run":false,"signal":"USR1"}""", bodies[^1]);
        Assert.Equal(2, (await ToolRun.Manage("task", "signal", "12", "-N", "NOPE", "-s", stub.Address)).Code);
        await ToolRun.Manage("task", "cancel", "--dry-run", "--all", "-s", stub.Address);
        Assert.Equal("""{"action":"cancel","filter":{"all":true},"dry_run":true}""", bodies[^1]);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("task update 12 -- sh -c -x", """{"set":{"argv":["sh","-c","-x"]}}""")]
    [InlineData("task update 12 --shell a|b --restart --reason r", """{"reason":"r","set":{"argv":["sh","-c","a|b"]},"restart":true}""")]
    [InlineData("task update 12 -c a\\~b -N n -d i --retry 2", """{"set":{"name":"n","argv":["a b"],"image":"i","retry":2}}""")]
    [InlineData("task update 12 -d  -R 3,4 -j file:///a -j file:///b --run-timeout 2h --new-batch x",
        """{"set":{"batch":"x","image":null,"inputs":["file:///a","file:///b"],"run_timeout":7200,"requirements":["3","4"]}}""")]
    [InlineData("task update 12 --command-sub s/a/b/", """{"set":{},"command_sub":"s/a/b/"}""")]
    [InlineData("task move other 12 --restart", """{"batch":"other","restart":true}""")]
    public async Task A_change_is_sent_as_given(string line, string expected)
    {
        await using var stub = await StubCoordinator.StartAsync();
        var body = "";
        stub.Otherwise = async context =>
        {
            body = await new StreamReader(context.Request.Body).ReadToEndAsync();
            await StubCoordinator.Json(context.Request.Path.Value!.EndsWith("actions", StringComparison.Ordinal)
                ? """{"matched":1,"tasks":[12],"skipped":[],"changes":[{"task_id":12,"change":"name: none → \"n\""}]}"""
                : """{"task_id":12,"status":"pending"}""")(context);
        };
        var run = await ToolRun.Manage(["-s", stub.Address, .. line.Split(' ').Select(w => w.Replace('~', ' '))]);
        Assert.Equal((0, expected), (run.Code, body));
        Assert.Equal(line.Contains("update", StringComparison.Ordinal), run.Error.Contains("task 12: name: none → \"n\"", StringComparison.Ordinal));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("task update 12", "nothing to change"), InlineData("task update 12 -c x -- y", "two ways"), InlineData("task move", "which tasks"),
        InlineData("task move a/b 12", "batch 'a/b'"), InlineData("task update -- x", "which tasks")]
    public async Task A_change_that_makes_no_sense_is_not_sent(string line, string expected)
    {
        var run = await ToolRun.Manage(line.Split(' '));
        Assert.Equal(2, run.Code);
        Assert.Contains(expected, run.Error);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_not_possible_now_is_exit_code_6()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.First(StubCoordinator.Json("""{"detail":"task 12 has succeeded: nothing is left to cancel","code":"wrong_state"}""", 409));
        var run = await ToolRun.Manage("task", "cancel", "12", "-s", stub.Address);
        Assert.Equal(6, run.Code);
        Assert.Contains("nothing is left to cancel", run.Error);
    }

    [Fact(Timeout = 60_000)]
    public async Task Waiting_gives_up_with_124_and_several_are_0_or_1()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = context => context.Request.Path.Value!.EndsWith('9')
            ? Task.Delay(TimeSpan.FromSeconds(30), context.RequestAborted)
            : StubCoordinator.Json($$"""{"task_id":1,"status":"{{(context.Request.Path.Value.EndsWith('7') ? "failed" : "succeeded")}}","exit_code":7}""")(context);
        Assert.Equal(124, (await ToolRun.Manage("task", "wait", "9", "--timeout", "1", "-s", stub.Address)).Code);
        Assert.Equal(0, (await ToolRun.Manage("task", "wait", "1-3", "-s", stub.Address)).Code);
        Assert.Equal(1, (await ToolRun.Manage("task", "wait", "6-8", "-s", stub.Address)).Code);
        Assert.Equal(7, (await ToolRun.Manage("task", "wait", "7", "-s", stub.Address)).Code);
    }

    [Fact(Timeout = 60_000)]
    public async Task Workers_are_told_what_is_given_and_nothing_else()
    {
        await using var stub = await StubCoordinator.StartAsync();
        var bodies = new List<string>();
        stub.Otherwise = async context =>
        {
            bodies.Add($"{context.Request.Method} {context.Request.Path} {await new StreamReader(context.Request.Body).ReadToEndAsync()}");
            await StubCoordinator.Json("""{"worker_id":4,"name":"node1","status":"running","batch":"b1","concurrency":8,"prefetch":2}""")(context);
        };
        var run = await ToolRun.Manage("worker", "update", "-n", "node1", "-C", "8", "-p", "2", "-b", "b1", "-S", "paused", "-s", stub.Address);
        Assert.Equal((0, "Worker node1 serves batch b1 with concurrency 8 and prefetch 2\n"), (run.Code, run.Out));
        await ToolRun.Manage("worker", "resume", "-i", "4", "-s", stub.Address);
        await ToolRun.Manage("worker", "pause", "node 1", "-s", stub.Address);
        Assert.Equal(
            ["""PATCH /api/v1/workers/node1 {"batch":"b1","concurrency":8,"prefetch":2,"paused":true}""", """PATCH /api/v1/workers/4 {"paused":false}""", """PATCH /api/v1/workers/node%201 {"paused":true}"""], bodies);
        Assert.Equal(2, (await ToolRun.Manage("worker", "pause", "a", "b", "-s", stub.Address)).Code);
        Assert.Equal(3, bodies.Count);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("worker update node1", "nothing to change"), InlineData("worker update node1 -C -1", "not a number from 0"),
        InlineData("worker update node1 -p 10001", "not a number from 0"), InlineData("worker update -C 1", "which worker?")]
    [InlineData("worker update node1 -S stopped", "neither running nor paused"), InlineData("worker update node1 -b a/b", "batch 'a/b'"),
        InlineData("worker clean", "which worker?"), InlineData("task show 1 --attempt 2", "--outputs")]
    public async Task A_worker_is_not_asked_for_what_makes_no_sense(string line, string expected)
    {
        var run = await ToolRun.Manage(line.Split(' '));
        Assert.Equal(2, run.Code);
        Assert.Contains(expected, run.Error);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_order_is_waited_for_and_its_outcome_told_and_one_to_an_offline_worker_is_said_to_wait()
    {
        await using var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = StubCoordinator.Json("""[{"order_id":8,"worker":"node1","done":null,"outcome":null},{"order_id":7,"worker":"node1","done":"2026-11-25T00:00:00Z","outcome":"removed 2 directories, 3.0 MiB"}]""");
        stub.First(StubCoordinator.Json("""{"order_id":7,"worker":"node1","kind":"clean","note":null}""", 202));
        var run = await ToolRun.Manage("worker", "clean", "node1", "--wait", "-s", stub.Address);
        Assert.Equal((0, "Worker node1: removed 2 directories, 3.0 MiB\n"), (run.Code, run.Out));
        Assert.Equal(["POST /api/v1/workers/node1/clean", "GET /api/v1/workers/node1/orders?limit=0"], stub.Requests);

        stub.First(StubCoordinator.Json("""{"order_id":8,"worker":"node1","kind":"reset_resources","note":"worker node1 is offline; the order waits for it."}""", 202));
        var offline = await ToolRun.Manage("worker", "reset-resources", "-n", "node1", "-s", stub.Address);
        Assert.Equal((0, "Worker node1 has the order 8\n"), (offline.Code, offline.Out));
        Assert.Contains("is offline", offline.Error);
        stub.First(StubCoordinator.Json("""{"order_id":8,"worker":"node1","kind":"clean","note":null}""", 202));
        Assert.Equal(124, (await ToolRun.Manage("worker", "clean", "node1", "--wait", "-t", "1", "-s", stub.Address)).Code);
    }

    private static async Task<StubCoordinator> WithTasksAsync()
    {
        var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = context =>
        {
            context.Response.Headers["X-Total-Count"] = "2";
            return StubCoordinator.Json($"[{Nasty},{Formula}]")(context);
        };
        return stub;
    }
}
