using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Scitq.Tests.Integration.Api;

/// <summary>Watching: everything at first, then what changes, whoever has changed it.</summary>
[Trait("Level", "Integration")]
public sealed class LiveTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory(Timeout = 120_000), InlineData(false), InlineData(true)]
    public async Task Who_watches_sees_everything_and_then_each_change(bool postgres)
    {
        await using var server = await ApiServer.StartAsync(postgres);
        await server.SubmitAsync(new { argv = new[] { "true" }, batch = "b1" });
        await using var watch = await Watch.OpenAsync(server);
        var (kind, all) = await watch.NextAsync();
        Assert.Equal("snapshot", kind);
        Assert.Equal(1, all.GetProperty("batches")[0].GetProperty("pending").GetInt64());
        Assert.Empty(all.GetProperty("tasks").EnumerateArray());

        var (number, id) = await server.SubmitAsync(new { argv = new[] { "echo", "one two" }, batch = "b2" });
        var key = await server.ClaimAsync(id);
        await server.RunAsync(key);
        var task = await watch.UntilAsync(e => e.GetProperty("tasks").EnumerateArray().FirstOrDefault(t => t.GetProperty("status").GetString() == "running"));
        Assert.Equal((number, "echo 'one two'"), (task.GetProperty("task_id").GetInt64(), task.GetProperty("command").GetString()));

        await server.EndAsync(key);
        await watch.UntilAsync(e => e.GetProperty("gone").TryGetProperty("tasks", out var gone) && gone[0].GetString() == $"{number}" ? e : default);
        // Who comes back sees all that is there now, not what was missed.
        await using var again = await Watch.OpenAsync(server, "?topics=batches&batch=b2");
        var (first, now) = await again.NextAsync();
        Assert.Equal("snapshot", first);
        Assert.Equal(JsonValueKind.Null, now.GetProperty("tasks").ValueKind);
        // Figures are counted now and then, so the batch may come a moment later; the other one never does.
        var batches = now.GetProperty("batches").EnumerateArray().ToList();
        var b2 = batches.Count > 0 ? batches.Single() : await again.UntilAsync(e => e.GetProperty("batches").EnumerateArray().SingleOrDefault());
        Assert.Equal("b2", b2.GetProperty("batch").GetString());
    }

    [Fact(Timeout = 120_000)]
    public async Task What_another_coordinator_commits_is_seen_by_twenty_who_watch_this_one()
    {
        await using var server = await ApiServer.StartAsync(postgres: true);
        await using var other = await ApiServer.StartAsync(postgres: true, shared: server.Options);
        var watches = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Watch.OpenAsync(server)));
        foreach (var watch in watches) Assert.Equal("snapshot", (await watch.NextAsync()).Kind);
        await other.SubmitAsync(new { argv = new[] { "true" }, batch = "elsewhere" });
        foreach (var watch in watches)
        {
            await watch.UntilAsync(e => e.GetProperty("batches").EnumerateArray().FirstOrDefault(b => b.GetProperty("batch").GetString() == "elsewhere"));
            await watch.DisposeAsync();
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task A_topic_that_is_not_there_is_refused()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        Assert.Contains("none of batches", (await server.GetAsync("/stream?topics=baches")).Problem(HttpStatusCode.BadRequest, "invalid"));
    }

    private sealed class Watch(HttpResponseMessage response, IAsyncEnumerator<SseItem<JsonElement>> events) : IAsyncDisposable
    {
        public static async Task<Watch> OpenAsync(ApiServer server, string query = "")
        {
            var response = await server.Client.GetAsync($"/api/v1/stream{query}", HttpCompletionOption.ResponseHeadersRead, Ct);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var parser = SseParser.Create(await response.Content.ReadAsStreamAsync(Ct), (_, data) => JsonElement.Parse(data));
            return new Watch(response, parser.EnumerateAsync(Ct).GetAsyncEnumerator(Ct));
        }

        public async Task<(string Kind, JsonElement Data)> NextAsync()
        {
            while (await events.MoveNextAsync())
                if (events.Current.EventType != "ping") return (events.Current.EventType, events.Current.Data);
            throw new InvalidOperationException("The stream has ended.");
        }

        public async Task<JsonElement> UntilAsync(Func<JsonElement, JsonElement> find)
        {
            while (true)
                if (find((await NextAsync()).Data) is { ValueKind: not JsonValueKind.Undefined } found) return found;
        }

        public async ValueTask DisposeAsync()
        {
            await events.DisposeAsync();
            response.Dispose();
        }
    }
}
