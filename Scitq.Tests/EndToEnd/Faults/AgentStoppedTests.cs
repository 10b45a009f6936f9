using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>Agents that are told to stop, and two that want one name.</summary>
[Trait("Level", "EndToEnd")]
public sealed class AgentStoppedTests
{
    private const int Limit = 420_000;

    [Fact(Timeout = Limit)]
    public async Task A_second_agent_of_the_same_name_is_refused_and_harms_nothing()
    {
        await using var cluster = await Cluster.StartAsync();
        var agent = await cluster.StartAgentAsync("a");
        var id = await cluster.SubmitAsync(cluster.Held("held"));
        await cluster.WaitForStartAsync("held");

        await using var second = ProcessUnderTest.Start(
            "scitq-agent",
            ["--name", agent.Name, "--batch", cluster.Batch, "--work-dir", cluster["other"], "--heartbeat-seconds", "1", "--lease-seconds", "8"],
            new Dictionary<string, string?> { ["SCITQ_BUS"] = cluster.AmqpUri });
        Assert.Equal(3, await second.WaitForExitAsync(Cluster.Patience));
        Assert.Contains($"a worker named '{agent.Name}' is alive on", second.Text, StringComparison.Ordinal);

        // Nor may it have the work directory, whatever it is called.
        await using var third = ProcessUnderTest.Start(
            "scitq-agent", ["--name", "other", "--batch", cluster.Batch, "--work-dir", agent.WorkDir],
            new Dictionary<string, string?> { ["SCITQ_BUS"] = cluster.AmqpUri });
        Assert.Equal(3, await third.WaitForExitAsync(Cluster.Patience));
        Assert.Contains("is in use by another agent", third.Text, StringComparison.Ordinal);

        cluster.Release("held");
        await cluster.WaitForAsync(id, "succeeded", attempt: 1);
        await cluster.AssertInvariantsAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task An_agent_without_a_broker_says_so_and_ends_in_order()
    {
        using var folder = new TestFolder();
        await using var agent = ProcessUnderTest.Start("scitq-agent", ["--work-dir", folder["work"]],
            new Dictionary<string, string?> { ["SCITQ_BUS"] = "amqp://127.0.0.1:1" });
        await agent.WaitForLineAsync("Not connected to the broker at 127.0.0.1:1 yet");
        agent.Terminate();
        Assert.Equal(0, await agent.WaitForExitAsync());
        Assert.DoesNotContain("can't go on", agent.Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_draining_agent_ends_what_runs_and_gives_back_what_does_not()
    {
        await using var cluster = await Cluster.StartAsync();
        var agent = await cluster.StartAgentAsync("a", concurrency: 1, prefetch: 1);
        var running = await cluster.SubmitAsync(cluster.Held("one"));
        await cluster.WaitForAsync(running, "running");
        await cluster.WaitForAsync(await cluster.SubmitAsync(cluster.Held("two")), "accepted");
        await cluster.SubmitAsync(cluster.Held("three"));

        agent.Process.Terminate();
        var other = await cluster.StartAgentAsync("b", concurrency: 2);
        await cluster.WaitForStartAsync("two", attempt: 2);
        await cluster.WaitForStartAsync("three");
        Assert.False(agent.Process.HasExited);
        cluster.Release("one");
        Assert.Equal(0, await agent.Process.WaitForExitAsync(Cluster.Patience));
        Assert.Equal("succeeded", await cluster.StatusAsync(running));

        cluster.Release("two");
        cluster.Release("three");
        await cluster.AssertInvariantsAsync();
        Assert.Equal(0, await cluster.ScalarAsync("select count(*) from task where losses > 0 or state <> 'succeeded'"));
        await other.DrainAsync();
        await Eventually.Async(async () =>
            await cluster.ScalarAsync("select count(*) from worker where epoch is not null") == 0, "both names are free", Cluster.Patience);
    }

    [Fact(Timeout = Limit)]
    public async Task A_second_signal_leaves_tasks_running_for_the_next_start()
    {
        await using var cluster = await Cluster.StartAsync();
        var agent = await cluster.StartAgentAsync("a");
        var id = await cluster.SubmitAsync(cluster.Held("held"));
        await cluster.WaitForStartAsync("held");
        await cluster.WaitForAsync(id, "running");

        agent.Process.Terminate();
        await Eventually.Async(async () =>
            await cluster.ScalarAsync("select count(*) from worker where hold = 'draining'") == 1, "it drains", Cluster.Patience);
        agent.Process.Terminate();
        Assert.Equal(143, await agent.Process.WaitForExitAsync(Cluster.Patience));
        Assert.NotEmpty(Invariants.ProcessesMarked(cluster.Mark));

        await agent.StartAsync();
        cluster.Release("held");
        await cluster.WaitForAsync(id, "succeeded", attempt: 1);
        await cluster.AssertHeldLogAsync(id);
        await cluster.AssertInvariantsAsync();
    }
}
