using System.Globalization;
using System.Net.Http.Json;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>A coordinator that is killed after it has recorded an end, and before anybody was told.</summary>
[Trait("Level", "EndToEnd")]
public sealed class WebhookKilledTests
{
    private const int Limit = 240_000;
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact(Timeout = Limit)]
    public async Task What_was_recorded_before_a_kill_is_told_after_the_next_start()
    {
        using var folder = new TestFolder();
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = _ => 503;
        await WriteAsync(folder["secret"], "0123456789abcdef");
        await WriteAsync(folder["scitq.json"],
            $$"""{"webhooks":[{"url":"{{receiver.Url}}","secret-file":"{{folder["secret"]}}","events":["task.failed","batch.ended"]}]}""");
        var port = TestPorts.Free();
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        var standalone = Start();
        try
        {
            await standalone.WaitForLineAsync("Listening on", Cluster.Patience);
            client.DefaultRequestHeaders.Authorization = new("Bearer", (await File.ReadAllTextAsync(folder["data/token"])).Trim());
            using (var queued = await client.PostAsJsonAsync("/api/v1/tasks", new { argv = new[] { "false" }, batch = "Default" }))
                Assert.True(queued.IsSuccessStatusCode, await queued.Content.ReadAsStringAsync());
            await Eventually.Async(() => !receiver.Requests.IsEmpty, "the receiver was tried", Cluster.Patience);
            await standalone.KillAsync();
            Assert.DoesNotContain("hunter2", standalone.Text, StringComparison.Ordinal);
            await standalone.DisposeAsync();

            receiver.Answer = _ => 204;
            standalone = Start();
            var failed = await receiver.TakenAsync(t => t.Event == "task.failed", "the failure was told", Cluster.Patience);
            Assert.Equal("exit", failed.Data.GetProperty("failure_class").GetString());
            await receiver.TakenAsync(t => t.Event == "batch.ended", "the end of the batch was told", Cluster.Patience);
            // Each is the event that was tried before, if it was tried.
            Assert.All(receiver.Requests.GroupBy(r => r.Event), kind => Assert.Single(kind.Select(r => r.Id).Distinct()));
        }
        finally
        {
            await standalone.DisposeAsync();
        }

        ProcessUnderTest Start() => ProcessUnderTest.Start(
            "scitq-standalone",
            ["--port", port.ToString(CultureInfo.InvariantCulture), "--data", folder["data"], "--name", "killed", "--config", folder["scitq.json"]],
            new Dictionary<string, string?> { ["DOCKER_HOST"] = "unix:///nowhere", ["HOME"] = folder.Path });
    }

    private static async Task WriteAsync(string file, string text)
    {
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        File.SetUnixFileMode(file, Own);
    }
}
