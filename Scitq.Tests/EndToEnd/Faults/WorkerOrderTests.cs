using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>Workers that are told to leave while they work, and programs that are killed meanwhile.</summary>
[Trait("Level", "EndToEnd")]
public sealed class WorkerOrderTests
{
    [Fact(Timeout = 420_000)]
    public async Task A_drain_outlives_killed_programs_and_a_deleted_worker_is_a_new_one_when_it_comes_back()
    {
        await using var cluster = await Cluster.StartAsync();
        var agent = await cluster.StartAgentAsync("a");
        var ids = await cluster.SubmitAsync([cluster.Held("one"), cluster.Held("two")]);
        await cluster.WaitForAsync(ids[0], "running");
        await PostAsync(cluster, agent, "drain", HttpStatusCode.Accepted);
        await cluster.KillCoordinatorAsync();
        await agent.KillAsync();
        await cluster.StartCoordinatorAsync();
        agent.Launch();
        await agent.Process.WaitForLineAsync("draining True", Cluster.Patience);
        cluster.Release("one");
        Assert.Equal(0, await agent.Process.WaitForExitAsync(Cluster.Patience));
        await cluster.WaitForAsync(ids[0], "succeeded", attempt: 1);
        Assert.Equal("pending", await cluster.StatusAsync(ids[1]));
        Assert.Equal("offline", (await WorkerAsync(cluster, agent))!.Value.GetProperty("status").GetString());

        // Its next start takes tasks again; it is deleted with what it has, which runs on another.
        await agent.StartAsync();
        await cluster.WaitForAsync(ids[1], "running");
        await PostAsync(cluster, agent, "delete", HttpStatusCode.Conflict);
        await PostAsync(cluster, agent, "delete", HttpStatusCode.Accepted, new { force = true });
        Assert.Equal(0, await agent.Process.WaitForExitAsync(Cluster.Patience));
        await Eventually.Async(async () => await WorkerAsync(cluster, agent) is null, "it is forgotten", Cluster.Patience);
        await Eventually.Async(async () => !(await cluster.QueuesAsync()).ContainsKey($"scitq.worker.{agent.Name}"), "its queue is gone", Cluster.Patience);
        Assert.Equal("pending", await cluster.StatusAsync(ids[1]));
        await agent.StartAsync();
        await cluster.WaitForStartAsync("two", attempt: 2);
        cluster.Release("two");
        await cluster.WaitForAsync(ids[1], "succeeded", attempt: 2);
        await cluster.AssertInvariantsAsync();
    }

    [Fact(Timeout = 420_000)]
    public async Task An_agent_that_is_restarted_is_the_same_process_takes_up_what_runs_and_shows_its_secrets_to_nobody()
    {
        await using var cluster = await Cluster.StartAsync();
        // The broker's password is in its environment, and this one in its arguments.
        var agent = await cluster.StartAgentAsync("a", concurrency: 2, options: ["--bus", cluster.AmqpUri]);
        var ids = await cluster.SubmitAsync([cluster.Held("native"), cluster.HeldInContainer("box")]);
        foreach (var id in ids) await cluster.WaitForAsync(id, "running");
        for (var round = 1; round <= 2; round++)
        {
            await PostAsync(cluster, agent, "restart", HttpStatusCode.Accepted);
            await Eventually.Async(async () => await OutcomesAsync(cluster, agent) is var done && done.Count == round
                && done.TrueForAll(o => o.StartsWith("restarted, version ", StringComparison.Ordinal)), $"restart {round} is told", Cluster.Patience);
            Assert.False(agent.Process.HasExited);
            Assert.Equal(round + 1, agent.Process.Lines.Count(l => l.Contains("is registered", StringComparison.Ordinal)));
        }

        var password = new Uri(cluster.AmqpUri).UserInfo.Split(':')[1];
        foreach (var file in (string[])["cmdline", "environ"])
        {
            var text = await File.ReadAllTextAsync($"/proc/{agent.Process.Id}/{file}", TestContext.Current.CancellationToken);
            Assert.DoesNotContain($":{password}@", text, StringComparison.Ordinal);
            Assert.Contains(file == "cmdline" ? "--bus" : "SCITQ_BUS=", text, StringComparison.Ordinal);
        }

        foreach (var name in (string[])["native", "box"]) cluster.Release(name);
        foreach (var id in ids)
        {
            await cluster.WaitForAsync(id, "succeeded", attempt: 1);
            await cluster.AssertHeldLogAsync(id);
        }

        await agent.DrainAsync();
        await cluster.AssertInvariantsAsync();
    }

    private static async Task<List<string>> OutcomesAsync(Cluster cluster, AgentUnderTest agent) =>
        [.. (await cluster.Client.GetFromJsonAsync<JsonElement>($"/api/v1/workers/{agent.Name}/orders")).EnumerateArray()
            .Where(o => o.GetProperty("done").ValueKind != JsonValueKind.Null).Select(o => o.GetProperty("outcome").GetString()!)];

    private static async Task PostAsync(Cluster cluster, AgentUnderTest agent, string action, HttpStatusCode expected, object? body = null)
    {
        using var response = await cluster.Client.PostAsJsonAsync($"/api/v1/workers/{agent.Name}/{action}", body ?? new { });
        Assert.True(response.StatusCode == expected, await response.Content.ReadAsStringAsync());
    }

    private static async Task<JsonElement?> WorkerAsync(Cluster cluster, AgentUnderTest agent)
    {
        using var response = await cluster.Client.GetAsync($"/api/v1/workers/{agent.Name}");
        return response.StatusCode == HttpStatusCode.NotFound ? null : await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
