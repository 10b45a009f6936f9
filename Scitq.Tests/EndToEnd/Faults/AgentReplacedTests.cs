using Scitq.Contracts;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>SIGKILL to an agent in each stage of a task; another takes over, and the first comes back too late.</summary>
[Trait("Level", "EndToEnd")]
public sealed class AgentReplacedTests
{
    private const int Limit = 420_000;
    private static readonly ClusterSetup Setup = new() { LostAfter = 12 };

    [Fact(Timeout = Limit)]
    public async Task What_a_killed_agent_was_staging_runs_elsewhere()
    {
        await using var cluster = await Cluster.StartAsync(Setup);
        await using var source = await SlowSource.StartAsync();
        var first = await cluster.StartAgentAsync("a");
        var id = await cluster.SubmitAsync(source.Task("staged") with { Retry = 1 });
        await cluster.WaitForAsync(id, "accepted");
        await source.AskedAsync(1);

        await first.KillAsync();
        await cluster.StartAgentAsync("b");
        await source.AskedAsync(2);
        await first.StartAsync();
        source.Release();

        await cluster.WaitForAsync(id, "succeeded", attempt: 2);
        await cluster.AssertInvariantsAsync();
    }

    [Theory(Timeout = Limit)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_killed_agent_was_running_runs_elsewhere_and_its_leftovers_end_when_it_is_back(bool container)
    {
        if (container) TestEnvironment.Required("SCITQ_TEST_DOCKER");
        await using var cluster = await Cluster.StartAsync(Setup);
        var first = await cluster.StartAgentAsync("a");
        var id = await cluster.SubmitAsync((container ? cluster.HeldInContainer("held") : cluster.Held("held")) with { Retry = 1 });
        await cluster.WaitForStartAsync("held");
        await cluster.WaitForAsync(id, "running");

        await first.KillAsync();
        await cluster.StartAgentAsync("b");
        await cluster.WaitForStartAsync("held", attempt: 2);
        Assert.NotEmpty(Invariants.ProcessesOf(cluster, attempt: 1));
        await first.StartAsync();

        await Eventually.Async(() => !Invariants.ProcessesOf(cluster, attempt: 1).Any(), "nothing of the lost attempt runs any more", Cluster.Patience);
        Assert.NotEmpty(Invariants.ProcessesOf(cluster, attempt: 2));
        cluster.Release("held");
        await cluster.WaitForAsync(id, "succeeded", attempt: 2);
        await cluster.AssertHeldLogAsync(id);
        await cluster.AssertInvariantsAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_killed_agent_was_uploading_is_made_and_delivered_elsewhere()
    {
        await using var cluster = await Cluster.StartAsync(Setup);
        var first = await cluster.StartAgentAsync("a");
        var id = await cluster.SubmitAsync(cluster.Delivering("big") with { Retry = 1 });
        await cluster.WaitForAsync(id, "uploading");

        await first.KillAsync();
        Assert.Equal("uploading", await cluster.StatusAsync(id));
        await cluster.StartAgentAsync("b");
        await cluster.WaitForAsync(id, "succeeded", attempt: 2);
        await first.StartAsync();

        await cluster.AssertInvariantsAsync();
    }
}
