using System.Net;
using System.Text.RegularExpressions;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>A database that goes as in a power cut, and stays away; another one after it; a pooler between.</summary>
[Trait("Level", "EndToEnd")]
public sealed class DatabaseTests
{
    private const int Limit = 420_000;

    [Fact(Timeout = Limit)]
    public async Task A_database_away_for_thirty_seconds_under_load_is_waited_for()
    {
        await using var server = await PostgresServer.StartPrivateAsync();
        await using var cluster = await Cluster.StartAsync(Setup(server));
        await UnderLoadAsync(cluster, async () =>
        {
            await server.CrashAsync();
            cluster.Release("two");             // ends while nothing can be recorded
            // The length is the point: twice as long as a worker may be silent.
            await Task.Delay(TimeSpan.FromSeconds(30));
            await server.StartAsync();
        });
    }

    [Fact(Timeout = Limit)]
    public async Task After_a_failover_under_load_the_standby_serves_and_nothing_that_was_acknowledged_is_lost()
    {
        await using var primary = await PostgresServer.StartPrivateAsync();
        await using var standby = await primary.StartStandbyAsync();
        await using var cluster = await Cluster.StartAsync(Setup(primary) with { CoordinatorDatabase = database => BothHosts(database, standby) });
        await UnderLoadAsync(cluster, async () =>
        {
            await primary.CrashAsync();
            cluster.Release("two");
            await Eventually.Async(async () => !await cluster.IsReadyAsync(), "the coordinator misses its database", Cluster.Patience);
            await standby.PromoteAsync();
            cluster.Database = $"{standby.Connection};Database={Name(cluster.Database)}";
        });
    }

    [Fact(Timeout = Limit)]
    public async Task Through_a_pooler_in_transaction_mode_all_goes_as_without_and_its_death_is_waited_out()
    {
        await using var server = await PostgresServer.StartPrivateAsync();
        await using var pooler = await PgBouncer.StartAsync(server.Connection);
        await using var cluster = await Cluster.StartAsync(
            Setup(server) with { CoordinatorDatabase = database => $"{pooler.Connection};Database={Name(database)}" });
        await UnderLoadAsync(cluster, async () =>
        {
            await pooler.KillAsync();
            cluster.Release("two");
            await Eventually.Async(async () => !await cluster.IsReadyAsync(), "the coordinator misses its database", Cluster.Patience);
            await pooler.StartAsync();
        });
    }

    /// <summary>Less patience with workers than the absence takes, as in the test of the broker.</summary>
    private static ClusterSetup Setup(PostgresServer server) =>
        new() { Database = server, LostAfter = 15, Coordinator = ["--Tasks:GraceSeconds", "60"] };

    /// <summary>Both servers, of which the coordinator finds the one that can be written to.</summary>
    private static string BothHosts(string database, PostgresServer standby) => Regex.Replace(
        database, "Host=([^;]*);Port=([^;]*)", m =>
            $"Host=127.0.0.1:{m.Groups[2].Value},127.0.0.1:{Regex.Match(standby.Connection, "Port=([0-9]+)").Groups[1].Value}")
        + ";Target Session Attributes=primary";

    private static string Name(string database) => Regex.Match(database, "Database=([^;]*)").Groups[1].Value;

    /// <summary>Something befalls the database while two tasks run and hundreds come and go: each succeeds at its first attempt.</summary>
    private static async Task UnderLoadAsync(Cluster cluster, Func<Task> befall)
    {
        await cluster.StartAgentAsync("a", concurrency: 4, prefetch: 8);
        var held = await cluster.SubmitAsync([cluster.Held("one"), cluster.Held("two")]);
        await cluster.WaitForStartAsync("one");
        await cluster.WaitForStartAsync("two");
        await cluster.SubmitAsync([.. Enumerable.Range(0, 300).Select(i => Tasks.Quick($"q{i}"))]);
        await Eventually.Async(async () => (await cluster.LedgerAsync()).Count > 50, "the load is on", Cluster.Patience);

        await befall();

        await cluster.WaitForAsync(held[1], "succeeded", attempt: 1);
        cluster.Release("one");
        await cluster.AssertInvariantsAsync();
        Assert.Equal(0, await cluster.ScalarAsync("select count(*) from task where attempt > 1 or state <> 'succeeded'"));
        await cluster.AssertHeldLogAsync(held[0]);
        await cluster.AssertHeldLogAsync(held[1]);
        Assert.Equal(HttpStatusCode.OK, (await cluster.Client.GetAsync("/health/ready")).StatusCode);
    }
}
