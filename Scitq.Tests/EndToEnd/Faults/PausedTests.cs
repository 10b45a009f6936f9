using System.Net.Http.Json;
using System.Text.Json;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>SIGKILL to agent and coordinator while a task stands still because its user wants that.</summary>
[Trait("Level", "EndToEnd")]
public sealed class PausedTests
{
    private const int Limit = 420_000;

    [Theory(Timeout = Limit)]
    [InlineData(false), InlineData(true)]
    public async Task A_suspended_task_stands_still_whoever_is_killed_and_goes_on_when_its_user_wants(bool container)
    {
        if (container) TestEnvironment.Required("SCITQ_TEST_DOCKER");
        await using var cluster = await Cluster.StartAsync();
        var agent = await cluster.StartAgentAsync("a");
        var id = await cluster.SubmitAsync(container ? cluster.HeldInContainer("one") : cluster.Held("one"));
        await cluster.WaitForStartAsync("one");
        await cluster.WaitForAsync(id, "running");
        await AskAsync(cluster, id, "pause");
        await cluster.WaitForAsync(id, "suspended");

        await agent.KillAsync();
        await agent.StartAsync();
        await cluster.KillCoordinatorAsync();
        await cluster.StartCoordinatorAsync();
        cluster.Release("one");             // it would end at once, if it moved
        await SeenAsync(cluster);
        await SeenAsync(cluster);
        await cluster.WaitForAsync(id, "suspended", attempt: 1);

        // Nobody is there to be told at first.
        await agent.KillAsync();
        await AskAsync(cluster, id, "resume");
        await agent.StartAsync();
        var task = await cluster.WaitForAsync(id, "succeeded", attempt: 1);
        Assert.Equal(
            ["pause_requested", "suspended", "resume_requested"],
            task.GetProperty("history").EnumerateArray().Select(h => h.GetProperty("kind").GetString()!)
                .Where(k => k is "pause_requested" or "suspended" or "resume_requested"));
        await cluster.AssertHeldLogAsync(id);
        await cluster.AssertInvariantsAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task A_suspended_task_whose_worker_is_lost_is_paused_and_another_runs_it_once_it_may_go_on()
    {
        await using var cluster = await Cluster.StartAsync(new ClusterSetup { LostAfter = 10 });
        var agent = await cluster.StartAgentAsync("a");
        var id = await cluster.SubmitAsync(cluster.Held("one"));
        await cluster.WaitForStartAsync("one");
        await cluster.WaitForAsync(id, "running");
        await AskAsync(cluster, id, "pause");
        await cluster.WaitForAsync(id, "suspended");
        await agent.KillAsync();
        await cluster.WaitForAsync(id, "paused", attempt: 2);

        var other = await cluster.StartAgentAsync("b");
        await AskAsync(cluster, id, "resume");
        await cluster.WaitForStartAsync("one", attempt: 2);
        await agent.StartAsync();           // finds what it had suspended, and that it is another's now
        await Eventually.Async(() => !Directory.EnumerateDirectories(Path.Combine(agent.WorkDir, "tasks")).Any(), "nothing is left of it", Cluster.Patience);
        cluster.Release("one");
        await cluster.WaitForAsync(id, "succeeded", attempt: 2);
        Assert.NotEqual(agent.Name, other.Name);
        await cluster.AssertInvariantsAsync();
    }

    private static async Task AskAsync(Cluster cluster, Guid id, string action)
    {
        using var answer = await cluster.Client.PostAsJsonAsync($"/api/v1/tasks/{id}/{action}", new { reason = "a test" });
        Assert.True(answer.IsSuccessStatusCode, $"{action}: {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>The worker is heard once more.</summary>
    private static async Task SeenAsync(Cluster cluster)
    {
        var before = await LastAsync();
        await Eventually.Async(async () => await LastAsync() > before, "a heartbeat comes", Cluster.Patience);

        async Task<DateTime> LastAsync() =>
            (await cluster.Client.GetFromJsonAsync<JsonElement>("/api/v1/workers"))[0].GetProperty("last_seen").GetDateTime();
    }
}
