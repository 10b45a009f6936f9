using System.Diagnostics;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>
/// With the times that people have by default, on a broker that gives a consumer a minute. Started once, for its start takes a minute of grace.
/// </summary>
[Trait("Level", "EndToEnd")]
public sealed class SlowTests(SlowFixture fixture) : IClassFixture<SlowFixture>
{
    private const int Limit = 420_000;

    [Fact(Timeout = Limit)]
    public async Task The_tasks_of_a_worker_that_vanishes_run_elsewhere_within_fifty_seconds()
    {
        var cluster = fixture.Cluster;
        var first = await cluster.StartAgentAsync("vanishing", concurrency: 2, prefetch: 1);
        var ids = await cluster.SubmitAsync([cluster.Held("one") with { Retry = 1 }, cluster.Held("two") with { Retry = 1 },
            cluster.Held("three") with { Retry = 1 }]);
        await Eventually.Async(async () =>
            await cluster.ScalarAsync("select count(*) from task where state in ('running', 'accepted') and worker like 'vanishing%'") == 3,
            "it has all three", Cluster.Patience);
        var second = await cluster.StartAgentAsync("other", concurrency: 3);
        await fixture.GraceIsOverAsync();

        // No farewell of its connections: as when the machine loses its power.
        var since = Stopwatch.StartNew();
        first.Freeze();
        foreach (var pid in Invariants.ProcessesOf(cluster, first).ToList()) Posix.Kill(pid);
        foreach (var name in new[] { "one", "two", "three" }) await cluster.WaitForStartAsync(name, attempt: 2);
        var took = since.Elapsed;
        await first.KillAsync();

        Assert.InRange(took.TotalSeconds, 30, 50);
        foreach (var name in new[] { "one", "two", "three" }) cluster.Release(name);
        foreach (var id in ids)
        {
            var task = await cluster.WaitForAsync(id, "succeeded", attempt: 2);
            Assert.Equal(1, task.GetProperty("retries_left").GetInt32());
            Assert.Equal(second.Name, task.GetProperty("worker").GetString());
        }

        await first.StartAsync();
        await cluster.AssertInvariantsAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task A_task_longer_than_the_brokers_patience_with_a_consumer_is_not_disturbed()
    {
        var task = await fixture.Cluster.WaitForAsync(fixture.LongTask, "succeeded", TimeSpan.FromSeconds(200), attempt: 1);
        Assert.True(task.GetProperty("run_ended").GetDateTime() - task.GetProperty("started").GetDateTime() >= TimeSpan.FromSeconds(75));
        Assert.DoesNotContain("PRECONDITION_FAILED", await fixture.Server.LogAsync(), StringComparison.Ordinal);
        await fixture.Cluster.AssertInvariantsAsync();
    }
}

/// <summary>The cluster of <see cref="SlowTests"/>, with its long task under way on an agent that has nothing else to do.</summary>
public sealed class SlowFixture : IAsyncLifetime
{
    private const string OtherBatch = "long";
    private readonly Stopwatch _sinceStart = new();

    public RabbitMqServer Server { get; private set; } = null!;

    internal Cluster Cluster { get; private set; } = null!;

    internal Guid LongTask { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Server = await RabbitMqServer.StartPrivateAsync("consumer_timeout = 60000");
        Cluster = await Cluster.StartAsync(new ClusterSetup { Broker = Server, DefaultTimes = true });
        _sinceStart.Start();
        await Cluster.StartAgentAsync("long", concurrency: 1, prefetch: 1, "--batch", OtherBatch);
        LongTask = await Cluster.SubmitAsync(Tasks.Shell("long", "echo \"$NAME $SCITQ_ATTEMPT\" >>\"$LEDGER\"; sleep 76") with { Batch = OtherBatch });
        await Cluster.WaitForStartAsync("long");
    }

    /// <summary>Nobody is declared lost in the first minute of a coordinator.</summary>
    public async Task GraceIsOverAsync()
    {
        var left = TimeSpan.FromSeconds(61) - _sinceStart.Elapsed;
        if (left > TimeSpan.Zero) await Task.Delay(left, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        await Server.DisposeAsync();
    }
}
