using System.Net;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Scitq.Contracts.Messages;
using Scitq.Coordinator;
using Scitq.Coordinator.Tasks;
using Scitq.Tests.Servers;
using Scitq.Tests.Unit.Tools;

namespace Scitq.Tests.Integration.Api;

/// <summary>Output over HTTP.</summary>
[Trait("Level", "Integration")]
public sealed class LogApiTests
{
    [Fact(Timeout = 60_000)]
    public async Task Chunks_are_stored_once_and_without_gaps()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        var id = Guid.NewGuid();
        Assert.Equal(0, await server.PrintAsync(id, 1, OutputStream.Stdout, 5, "gap"));
        Assert.Equal(5, await server.PrintAsync(id, 1, OutputStream.Stdout, 0, "hello"));
        Assert.Equal(5, await server.PrintAsync(id, 1, OutputStream.Stdout, 0, "hello"));
        Assert.Equal(8, await server.PrintAsync(id, 1, OutputStream.Stdout, 3, "lo wo"));
        Assert.Equal(8, await server.PrintAsync(id, 1, OutputStream.Stdout, -1, "x"));
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => server.PrintAsync(id, 1, OutputStream.Stdout, 8, "rld")));
        Assert.Equal("hello world", await File.ReadAllTextAsync(server.Logs.FilePath(id, 1, OutputStream.Stdout)));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_log_is_read_whole_or_in_part()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        var (number, id) = await server.SubmitAsync();
        var path = $"/tasks/{number}/attempts/latest/log/stdout";
        var empty = await server.GetAsync(path);
        Assert.Equal((HttpStatusCode.OK, "", "0", "false"), (empty.Status, empty.Text, empty.Header("X-Log-Size"), empty.Header("X-Log-Complete")));
        var key = await server.ClaimAsync(id);
        await server.PrintAsync(id, 1, OutputStream.Stdout, 0, "0123456789");
        Assert.Equal("false", (await server.GetAsync(path)).Header("X-Log-Complete"));
        await server.EndAsync(key, new AttemptResult { Finished = ApiServer.Now, ExitCode = 0, StdoutBytes = 10 });
        var whole = await server.GetAsync($"/tasks/{id}/attempts/1/log/stdout");
        Assert.Equal(("0123456789", "10", "true"), (whole.Text, whole.Header("X-Log-Size"), whole.Header("X-Log-Complete")));
        Assert.Equal("345", (await server.GetAsync(path + "?offset=3&limit=3")).Text);
        Assert.Equal("89", (await server.GetAsync(path + "?tail=2")).Text);
        Assert.Equal("", (await server.GetAsync(path + "?offset=30")).Text);
        var range = await server.GetAsync(path, ("Range", "bytes=2-4"));
        Assert.Equal((HttpStatusCode.PartialContent, "234", "bytes 2-4/10"), (range.Status, range.Text, range.Content.ContentRange!.ToString()));
        Assert.Equal("789", (await server.GetAsync(path, ("Range", "bytes=-3"))).Text);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, (await server.GetAsync(path, ("Range", "bytes=10-"))).Status);
        (await server.GetAsync($"/tasks/{number}/attempts/2/log/stdout")).Problem(HttpStatusCode.BadRequest, "invalid");
        (await server.GetAsync($"/tasks/{number}/attempts/1/log/stdin")).Problem(HttpStatusCode.BadRequest, "invalid");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_log_that_another_coordinator_keeps_is_not_an_empty_one()
    {
        await using var keeper = await ApiServer.StartAsync(postgres: true);
        using var elsewhere = new TestFolder();
        await using var other = await ApiServer.StartAsync(true, shared: new CoordinatorOptions { Database = keeper.Options.Database, Data = elsewhere.Path });
        var (number, id) = await keeper.SubmitAsync();
        var key = await keeper.ClaimAsync(id);
        await keeper.PrintAsync(id, 1, OutputStream.Stdout, 0, "0123456789");
        await keeper.EndAsync(key, new AttemptResult { Finished = ApiServer.Now, ExitCode = 0, StdoutBytes = 10 });
        Assert.Equal((0, "0123456789"), await LogsAsync(keeper));
        var file = elsewhere["log"];
        foreach (var options in (string[][])[[], ["-f"], ["--tail", "1"], ["-o"], ["--download", file]])
        {
            var run = await ToolRun.Manage(["task", "logs", $"{number}", "-s", other.App.Urls.Single(), .. options]);
            Assert.True(run.Code == 1, $"{string.Join(' ', options)}: {run.Code}");
            Assert.Contains($"does not have 10 bytes of stdout of task {number}", run.Error);
        }

        Assert.False(File.Exists(file));
        Assert.Equal(0, (await ToolRun.Manage("task", "logs", "-e", $"{number}", "-s", other.App.Urls.Single())).Code);
        File.Delete(keeper.Logs.FilePath(id, 1, OutputStream.Stdout));
        Assert.Equal((1, ""), await LogsAsync(keeper));

        async Task<(int, string)> LogsAsync(ApiServer server)
        {
            var run = await ToolRun.Manage("task", "logs", $"{number}", "-s", server.App.Urls.Single());
            return (run.Code, run.Out);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_stream_follows_a_task_through_its_attempts_to_the_end()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        var (number, id) = await server.SubmitAsync(new { argv = new[] { "true" }, retry = 1 });
        var key = await server.ClaimAsync(id);
        var big = new string('x', 150_000);
        await server.PrintAsync(id, 1, OutputStream.Stdout, 0, big);
        var open = new TaskCompletionSource();
        var reading = ReadAsync(server, $"/tasks/{number}/log/stream", opened: open);
        await open.Task;
        await server.PrintAsync(id, 1, OutputStream.Stderr, 0, "oops");
        await server.EndAsync(key,
            new AttemptResult
                { Failure = Scitq.Contracts.FailureClass.Exit, ExitCode = 1, RunEnded = ApiServer.Now, Finished = ApiServer.Now, StdoutBytes = 150_000,
                StderrBytes = 4 });
        await server.RaiseAsync(id, m => m.RetryDue, new RetryDue());
        key = await server.ClaimAsync(id, 2);
        await server.PrintAsync(id, 2, OutputStream.Stdout, 0, "second");
        await server.EndAsync(key, new AttemptResult { ExitCode = 0, RunEnded = ApiServer.Now, Finished = ApiServer.Now, StdoutBytes = 6 });

        var events = await reading;
        Assert.Equal(("status", "end"), (events[0].Kind, events[^1].Kind));
        Assert.Equal("succeeded", events[^1].Data.GetProperty("status").GetString());
        Assert.Equal(big, Output(events, "stdout", 1));
        Assert.Equal("oops", Output(events, "stderr", 1));
        Assert.Equal("second", Output(events, "stdout", 2));
        Assert.All(events.Where(e => e.Kind == "stdout"), e => Assert.InRange(e.Data.GetProperty("data").GetBytesFromBase64().Length, 1, 65536));

        var middle = events.First(e => e.Kind == "stdout");
        var rest = await ReadAsync(server, $"/tasks/{number}/log/stream?stream=stdout", middle.Id);
        Assert.Equal(150_000 - 65536, Output(rest, "stdout", 1).Length);
        Assert.Equal("second", Output(rest, "stdout", 2));
        Assert.Equal("", Output(rest, "stderr", 1));
        Assert.Equal("second", Output(await ReadAsync(server, $"/tasks/{number}/log/stream?attempt=2"), "stdout", 2));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_stream_with_nothing_to_tell_gives_signs_of_life_and_can_be_taken_up_there()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        var (number, id) = await server.SubmitAsync();
        var key = await server.ClaimAsync(id);
        await server.PrintAsync(id, 1, OutputStream.Stdout, 0, "before");
        var open = new TaskCompletionSource();
        var reading = ReadAsync(server, $"/tasks/{number}/log/stream", opened: open, until: "ping");
        await open.Task;
        server.Clock.Ahead += TimeSpan.FromSeconds(16);
        var ping = (await reading)[^1];
        Assert.Equal(("ping", "1:6:0", "{}"), (ping.Kind, ping.Id, ping.Data.GetRawText()));
        await server.PrintAsync(id, 1, OutputStream.Stdout, 6, "after");
        await server.EndAsync(key, new AttemptResult { ExitCode = 0, RunEnded = ApiServer.Now, Finished = ApiServer.Now, StdoutBytes = 11 });
        Assert.Equal("after", Output(await ReadAsync(server, $"/tasks/{number}/log/stream", ping.Id), "stdout", 1));
    }

    private static string Output(List<(string Kind, string Id, JsonElement Data)> events, string kind, int attempt)
    {
        var text = new StringBuilder();
        foreach (var (_, _, data) in events.Where(e => e.Kind == kind && e.Data.GetProperty("attempt").GetInt32() == attempt))
        {
            Assert.Equal(data.GetProperty("offset")
                .GetInt64(), text.Length + (text.Length == 0 ? data.GetProperty("offset").GetInt64() : Start(events, kind, attempt)));
            text.Append(Encoding.UTF8.GetString(data.GetProperty("data").GetBytesFromBase64()));
        }

        return text.ToString();
    }

    private static long Start(List<(string Kind, string Id, JsonElement Data)> events, string kind, int attempt) =>
        events.First(e => e.Kind == kind && e.Data.GetProperty("attempt").GetInt32() == attempt).Data.GetProperty("offset").GetInt64();

    private static async Task<List<(string Kind, string Id, JsonElement Data)>> ReadAsync(
        ApiServer server, string path, string? from = null, TaskCompletionSource? opened = null, string? until = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1" + path);
        if (from is not null) request.Headers.Add("Last-Event-ID", from);
        using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        opened?.SetResult();
        var events = new List<(string, string, JsonElement)>();
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync(), (_, data) => JsonElement.Parse(data)).EnumerateAsync())
        {
            events.Add((item.EventType, item.EventId!, item.Data));
            if (item.EventType == until) break;
        }

        return events;
    }
}
