using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>A database that goes as in a power cut, and stays away.</summary>
[Trait("Level", "EndToEnd")]
public sealed class DatabaseTests
{
    [Fact(Timeout = 420_000)]
    public async Task A_database_away_for_thirty_seconds_under_load_is_waited_for()
    {
        await using var server = await PostgresServer.StartPrivateAsync();
        // Less patience than the absence, as in the test of the broker.
        await using var cluster = await Cluster.StartAsync(new ClusterSetup { Database = server, LostAfter = 15, Coordinator = ["--Tasks:GraceSeconds", "60"] });
        await cluster.StartAgentAsync("a", concurrency: 4, prefetch: 8);
        var held = await cluster.SubmitAsync([cluster.Held("one"), cluster.Held("two")]);
        await cluster.WaitForStartAsync("one");
        await cluster.WaitForStartAsync("two");
        await cluster.SubmitAsync([.. Enumerable.Range(0, 300).Select(i => Tasks.Quick($"q{i}"))]);
        await Eventually.Async(async () => (await cluster.LedgerAsync()).Count > 50, "the load is on", Cluster.Patience);

        await server.CrashAsync();
        cluster.Release("two");             // ends while nothing can be recorded
        await Task.Delay(TimeSpan.FromSeconds(30));
        await server.StartAsync();

        await cluster.WaitForAsync(held[1], "succeeded", attempt: 1);
        cluster.Release("one");
        await cluster.AssertInvariantsAsync();
        Assert.Equal(0, await cluster.ScalarAsync("select count(*) from task where attempt > 1 or state <> 'succeeded'"));
        await cluster.AssertHeldLogAsync(held[0]);
        await cluster.AssertHeldLogAsync(held[1]);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await cluster.Client.GetAsync("/health/ready")).StatusCode);
    }
}
