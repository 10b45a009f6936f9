using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>Workers that nobody hears, and that come back with a finished task that another has been given meanwhile.</summary>
[Trait("Level", "EndToEnd")]
public sealed class PartitionTests
{
    private const int Limit = 420_000;
    private static readonly ClusterSetup Setup = new() { LostAfter = 12 };

    [Fact(Timeout = Limit)]
    public async Task A_frozen_worker_that_wakes_with_a_finished_task_changes_nothing()
    {
        await using var cluster = await Cluster.StartAsync(Setup);
        var first = await cluster.StartAgentAsync("a");
        var id = await cluster.SubmitAsync(cluster.Held("held"));
        await cluster.WaitForAsync(id, "running");

        first.Freeze();
        await cluster.StartAgentAsync("b");
        await cluster.WaitForStartAsync("held", attempt: 2);
        cluster.Release("held", attempt: 1);
        await Eventually.Async(() => !Invariants.ProcessesOf(cluster, attempt: 1).Any(), "the lost attempt has finished", Cluster.Patience);
        first.Thaw();

        await AssertSecondWinsAsync(cluster, first, id);
    }

    [Fact(Timeout = Limit)]
    public async Task A_worker_cut_off_neither_delivers_nor_counts_when_the_network_is_back()
    {
        await using var cluster = await Cluster.StartAsync(Setup);
        await using var gate = new TcpGate(new Uri(cluster.AmqpUri).Port);
        var first = await cluster.StartAgentAsync("a", options: ["--bus", new UriBuilder(cluster.AmqpUri) { Port = gate.Port }.Uri.AbsoluteUri]);
        var id = await cluster.SubmitAsync(cluster.Held("held"));
        await cluster.WaitForAsync(id, "running");

        gate.Cut();
        await cluster.StartAgentAsync("b");
        await cluster.WaitForStartAsync("held", attempt: 2);
        cluster.Release("held", attempt: 1);
        await Eventually.Async(() => !Invariants.ProcessesOf(cluster, attempt: 1).Any(), "the lost attempt has finished", Cluster.Patience);
        gate.Heal();

        await AssertSecondWinsAsync(cluster, first, id);
    }

    private static async Task AssertSecondWinsAsync(Cluster cluster, AgentUnderTest first, Guid id)
    {
        await first.Process.WaitForLineAsync("Revoked", Cluster.Patience);
        Assert.False(File.Exists(Path.Combine(cluster["out-held"], "attempt")));
        Assert.Equal("running", await cluster.StatusAsync(id));
        cluster.Release("held", attempt: 2);
        await cluster.WaitForAsync(id, "succeeded", attempt: 2);
        await cluster.AssertInvariantsAsync();
    }
}
