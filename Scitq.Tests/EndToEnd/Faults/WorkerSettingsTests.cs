using System.Net.Http.Json;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>Workers are told to work otherwise while they work.</summary>
[Trait("Level", "EndToEnd")]
public sealed class WorkerSettingsTests
{
    [Fact(Timeout = 420_000)]
    public async Task More_slots_are_used_at_once_and_are_kept_over_a_killed_agent_and_a_move_to_another_batch()
    {
        await using var cluster = await Cluster.StartAsync();
        var agent = await cluster.StartAgentAsync("a", concurrency: 1);
        var ids = await cluster.SubmitAsync([cluster.Held("one"), cluster.Held("two"), cluster.Held("three"),
            cluster.Held("other") with { Batch = "elsewhere" }]);
        await cluster.WaitForStartAsync("one");
        Assert.Equal("pending", await cluster.StatusAsync(ids[1]));

        await ChangeAsync(cluster, agent, new { concurrency = 2 });
        await cluster.WaitForStartAsync("two");
        await agent.KillAsync();
        await agent.StartAsync();
        cluster.Release("one");
        await cluster.WaitForStartAsync("three");           // a second slot, though the agent was started with one
        await cluster.WaitForAsync(ids[1], "running");

        // What it has ends there; what it takes now is the other batch's.
        await ChangeAsync(cluster, agent, new { batch = "elsewhere" });
        cluster.Release("two");
        await cluster.WaitForStartAsync("other");
        await ChangeAsync(cluster, agent, new { paused = true });
        cluster.Release("three");
        cluster.Release("other");
        foreach (var id in ids) await cluster.WaitForAsync(id, "succeeded", attempt: 1);
        await cluster.AssertInvariantsAsync();
    }

    private static async Task ChangeAsync(Cluster cluster, AgentUnderTest agent, object settings)
    {
        using var response = await cluster.Client.PatchAsJsonAsync($"/api/v1/workers/{agent.Name}", settings);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}
