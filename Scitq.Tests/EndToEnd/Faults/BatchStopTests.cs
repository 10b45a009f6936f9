using System.Net.Http.Json;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>Batches are stopped and go on, over real servers.</summary>
[Trait("Level", "EndToEnd")]
public sealed class BatchStopTests
{
    [Fact(Timeout = 420_000)]
    public async Task Nothing_of_a_stopped_batch_starts_over_killed_agents_and_coordinators_and_with_new_workers_until_it_goes_on()
    {
        await using var cluster = await Cluster.StartAsync();
        var agent = await cluster.StartAgentAsync("a", concurrency: 1, prefetch: 1);
        // Alone: of two that a worker gets together, the one that is ready first starts.
        var first = await cluster.SubmitAsync(cluster.Held("one"));
        await cluster.WaitForStartAsync("one");
        Guid[] ids = [first, .. await cluster.SubmitAsync([cluster.Held("two"), cluster.Held("three"), cluster.Held("other") with { Batch = "elsewhere" }])];
        await cluster.WaitForAsync(ids[1], "accepted");
        await AskAsync(cluster, "stop");
        await Eventually.Async(async () => await WorkerAsync() == "stopped", "the worker is shown as stopped", Cluster.Patience);

        // What runs ends; the second, which the worker holds by now, does not start in its place, nor after a start of the agent.
        await agent.KillAsync();
        await agent.StartAsync();
        cluster.Release("one");
        await cluster.WaitForAsync(ids[0], "succeeded");
        await cluster.KillCoordinatorAsync();
        await cluster.StartCoordinatorAsync();
        await cluster.StartAgentAsync("b", concurrency: 2);
        // Told by an agent that has come later, and takes tasks of another batch as soon as it may.
        var free = await cluster.StartAgentAsync("c");
        using (var moved = await cluster.Client.PatchAsJsonAsync($"/api/v1/workers/{free.Name}", new { batch = "elsewhere" })) moved.EnsureSuccessStatusCode();
        await cluster.WaitForStartAsync("other");
        Assert.Equal(["one", "other"], (await cluster.LedgerAsync()).Select(l => l.Name));

        foreach (var name in (string[])["two", "three", "other"]) cluster.Release(name);
        await AskAsync(cluster, "go");
        foreach (var id in ids) await cluster.WaitForAsync(id, "succeeded");
        await cluster.AssertInvariantsAsync();

        async Task<string?> WorkerAsync() =>
            (await cluster.Client.GetFromJsonAsync<System.Text.Json.JsonElement>($"/api/v1/workers/{agent.Name}")).GetProperty("status").GetString();
    }

    private static async Task AskAsync(Cluster cluster, string verb)
    {
        using var response = await cluster.Client.PostAsync($"/api/v1/batches/{cluster.Batch}/{verb}", null);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}
