using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>SIGKILL to coordinator and agent in one.</summary>
[Trait("Level", "EndToEnd")]
public sealed class StandaloneKilledTests
{
    private const int Limit = 300_000;

    [Fact(Timeout = Limit)]
    public async Task Killed_again_and_again_a_standalone_runs_each_attempt_once_and_ends_all()
    {
        var random = new Random(20261127);
        using var folder = new TestFolder();
        var port = TestPorts.Free();
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        var (standalone, ids) = (Start(), Enumerable.Range(0, 60).Select(_ => Guid.CreateVersion7()).ToList());
        try
        {
            await standalone.WaitForLineAsync("Listening on", Cluster.Patience);
            client.DefaultRequestHeaders.Authorization = new("Bearer", (await File.ReadAllTextAsync(folder["data/token"])).Trim());
            string[] argv = ["sh", "-c", $"echo \"$SCITQ_TASK_ID $SCITQ_ATTEMPT\" >>{folder["ledger"]}; sleep 0.2"];
            using (var queued = await client.PostAsJsonAsync("/api/v1/tasks/bulk", new { tasks = ids.Select(id => new { id, argv }) }))
                Assert.True(queued.IsSuccessStatusCode, await queued.Content.ReadAsStringAsync());
            for (var round = 0; round < 10; round++)
            {
                // From before it listens to when it works.
                await Task.Delay(random.Next(100, 4000), TestContext.Current.CancellationToken);
                await standalone.KillAsync();
                await standalone.DisposeAsync();
                standalone = Start();
            }

            await Eventually.Async(async () => (await StatesAsync()).All(s => s == "succeeded"), "all tasks have succeeded", Cluster.Patience);
        }
        finally
        {
            await standalone.DisposeAsync();
        }

        var started = await File.ReadAllLinesAsync(folder["ledger"], TestContext.Current.CancellationToken);
        Assert.Equal(started.Distinct(), started);
        Assert.Equal(ids.Count, started.Length);

        ProcessUnderTest Start() => ProcessUnderTest.Start(
            "scitq-standalone",
            ["--port", port.ToString(CultureInfo.InvariantCulture), "--data", folder["data"], "--name", "killed", "--concurrency", "4", "--prefetch", "4",
            "--heartbeat-seconds", "0.5"],
            new Dictionary<string, string?> { ["DOCKER_HOST"] = "unix:///nowhere", ["HOME"] = folder.Path });

        async Task<IReadOnlyList<string>> StatesAsync()
        {
            var states = new List<string>();
            try
            {
                foreach (var id in ids) states.Add((await client.GetFromJsonAsync<JsonElement>($"/api/v1/tasks/{id}")).GetProperty("status").GetString()!);
            }
            catch (HttpRequestException)
            {
                return ["not up yet"];
            }

            return states;
        }
    }
}
