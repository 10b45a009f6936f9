using System.Text;
using Microsoft.AspNetCore.Http;
using Scitq.Tests.Servers;
using Scitq.Tools;

namespace Scitq.Tests.Unit.Tools;

[Trait("Level", "Unit")]
public sealed class WaitNotesTests
{
    [Theory(Timeout = 60_000), InlineData("--wait"), InlineData("--follow")]
    public async Task Waiting_says_why_the_task_does_not_start(string option)
    {
        await using var stub = await StubCoordinator.StartAsync();
        ToolIo? tool = null;
        stub.Otherwise = async context =>
        {
            if (context.Request.Path.Value!.EndsWith("/explain", StringComparison.Ordinal))
            {
                await StubCoordinator.Json("""{"task_id":1,"status":"pending","why":"no worker serves batch b\u001b[1m.","details":["worker w serves batch c"]}""")(context);
                return;
            }

            await Eventually.Async(() =>
                Encoding.UTF8.GetString(((MemoryStream)tool!.ErrorOutput).ToArray()).Contains("worker w serves", StringComparison.Ordinal), "it is said");
            if (context.Request.Path.Value.EndsWith("/stream", StringComparison.Ordinal))
                await context.Response.WriteAsync("event: end\ndata: {\"task_id\":1,\"status\":\"succeeded\"}\n\n");
            else await StubCoordinator.Json("""{"task_id":1,"status":"succeeded"}""")(context);
        };
        var run = await ToolRun.RunAsync("scitq-launch", ["-s", stub.Address, option, "cmd"], started: io => tool = io);
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("Task 1 is pending: no worker serves batch b\\x1b[1m.\n  worker w serves batch c\n", run.Error);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_whole_batch_is_waited_for()
    {
        await using var stub = await StubCoordinator.StartAsync();
        var left = 2;
        stub.Otherwise = context =>
        {
            var (path, query) = (context.Request.Path.Value!, context.Request.QueryString.Value!);
            if (path == "/api/v1/batches/b1") return StubCoordinator.Json("""{"batch":"b1"}""")(context);
            if (path == "/api/v1/batches") return StubCoordinator.Json("""[{"batch":"b1","succeeded":1,"failed":1,"running":2,"total":4}]""")(context);
            if (path == "/api/v1/tasks/7") return StubCoordinator.Json($$"""{"task_id":7,"status":"{{(left-- > 0 ? "running" : "succeeded")}}"}""")(context);
            if (query.Contains("waiting", StringComparison.Ordinal)) return StubCoordinator.Json(left > 0 ? """[{"id":"7"}]""" : "[]")(context);
            context.Response.Headers["X-Total-Count"] = query.Contains("failed", StringComparison.Ordinal) ? "1" : "3";
            return StubCoordinator.Json("[]")(context);
        };
        var run = await ToolRun.RunAsync("scitq-manage", ["task", "wait", "-b", "b1", "-s", stub.Address], errorTerminal: true);
        Assert.Equal(1, run.Code);
        Assert.Contains("2 of 4 have ended (50 %), 2 running, 1 without success", run.Error);
        Assert.EndsWith("3 succeeded, 1 did not\n", run.Error);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_batch_that_is_not_there_is_not_one_that_has_ended()
    {
        await using var stub = await StubCoordinator.StartAsync();
        Assert.Equal(3, (await ToolRun.Manage("task", "wait", "-b", "nonesuch", "-s", stub.Address)).Code);
    }
}
