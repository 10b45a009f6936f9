using System.Globalization;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>SIGKILL to the coordinator under load.</summary>
[Trait("Level", "EndToEnd")]
public sealed class CoordinatorKilledTests
{
    private const int Count = 1000, Kills = 4;

    [Fact(Timeout = 420_000)]
    public async Task A_coordinator_killed_again_and_again_loses_nothing_and_repeats_nothing()
    {
        await using var cluster = await Cluster.StartAsync();
        await cluster.StartAgentAsync("a", concurrency: 4, prefetch: 8);
        await cluster.StartAgentAsync("b", concurrency: 4, prefetch: 8);
        var held = await cluster.SubmitAsync(cluster.Held("held"));
        await cluster.WaitForStartAsync("held");

        var submitting = SubmitAsync(cluster);
        for (var kill = 1; kill <= Kills; kill++)
        {
            // In the middle of it: while tasks come in, start and end.
            var progress = Count / (Kills + 1) * kill;
            await Eventually.Async(async () => (await cluster.LedgerAsync()).Count >= progress, $"{progress} tasks have started", TimeSpan.FromSeconds(180));
            await cluster.KillCoordinatorAsync();
            await cluster.StartCoordinatorAsync(ready: false);
        }

        await submitting;
        cluster.Release("held");
        await cluster.AssertInvariantsAsync(TimeSpan.FromSeconds(180));
        Assert.Equal(Count + 1, await cluster.ScalarAsync("select count(*) from task where state = 'succeeded' and attempt = 1"));
        await cluster.AssertHeldLogAsync(held);
        Assert.Equal("out q0\n", await cluster.OutputAsync(cluster.Submitted.First(id => id != held)));
    }

    private static async Task SubmitAsync(Cluster cluster)
    {
        foreach (var names in Enumerable.Range(0, Count).Chunk(50))
            await cluster.SubmitStubbornlyAsync([.. names.Select(i => Tasks.Quick(string.Create(CultureInfo.InvariantCulture, $"q{i}")))]);
    }
}
