using Scitq.Contracts;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>A broker of their own, which they kill, choke and rob.</summary>
[Trait("Level", "EndToEnd")]
public sealed class BrokerTests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private const int Limit = 420_000;

    [Fact(Timeout = Limit)]
    public async Task A_broker_killed_and_away_for_thirty_seconds_costs_no_task_its_attempt()
    {
        // Less patience than the absence: what saves the tasks is that nobody is declared lost while the broker is away, nor soon after.
        await using var cluster = await Cluster.StartAsync(new ClusterSetup
            { Broker = fixture.Server, LostAfter = 15, Coordinator = ["--Tasks:GraceSeconds", "60"] });
        await cluster.StartAgentAsync("a", concurrency: 2, prefetch: 1);
        var ids = await cluster.SubmitAsync([cluster.Held("one"), cluster.Held("two"), .. Enumerable.Range(0, 20).Select(i => Tasks.Quick($"q{i}"))]);
        await cluster.WaitForStartAsync("one");
        await cluster.WaitForStartAsync("two");

        await fixture.Server.KillAsync();
        cluster.Release("two");             // ends while there is nobody to tell
        var absence = Task.Delay(TimeSpan.FromSeconds(30));     // the length is the point: longer than a silent worker is waited for
        var late = await cluster.SubmitAsync(Tasks.Quick("late"));
        Assert.Equal("pending", await cluster.StatusAsync(late));
        await absence;
        await fixture.Server.StartAsync();

        await cluster.WaitForAsync(ids[1], "succeeded", attempt: 1);
        await cluster.WaitForAsync(late, "succeeded", attempt: 1);
        cluster.Release("one");
        await cluster.AssertInvariantsAsync();
        Assert.Empty(await cluster.QueryAsync("select concat_ws(' ', t.name, a.attempt, a.outcome, a.accepted, a.finished, a.reason) from attempt a join task "
            + "t on t.id = a.task_id where a.outcome <> 'succeeded'", r => r.GetString(0)));
        await cluster.AssertHeldLogAsync(ids[0]);
        await cluster.AssertHeldLogAsync(ids[1]);
    }

    [Theory(Timeout = Limit)]
    [InlineData("set_vm_memory_high_watermark", "0", "0.4", "low on memory")]
    [InlineData("set_disk_free_limit", "9999GB", "200MB", "low on disk")]
    public async Task An_alarm_longer_than_all_patience_loses_nothing_runs_nothing_twice_and_is_told(string setting, string alarm, string calm, string reason)
    {
        // The alarm lasts longer than a silent worker is waited for.
        await using var cluster = await Cluster.StartAsync(new ClusterSetup
            { Broker = fixture.Server, LostAfter = 10, Coordinator = ["--Tasks:GraceSeconds", "15"] });
        var agent = await cluster.StartAgentAsync("a", concurrency: 2, prefetch: 1);
        var ids = await cluster.SubmitAsync([cluster.Held("one"), cluster.Held("two"), .. Enumerable.Range(0, 10).Select(i => Tasks.Quick($"q{i}"))]);
        await cluster.WaitForStartAsync("one");
        await cluster.WaitForStartAsync("two");

        await fixture.Server.ControlAsync(setting, alarm);
        var lasts = Task.Delay(TimeSpan.FromSeconds(18));
        cluster.Release("two");             // ends while the broker takes nothing
        await agent.Process.WaitForLineAsync($"memory or disk alarm ({reason})");
        var late = await cluster.SubmitAsync(Tasks.Quick("late"));
        await Eventually.Async(async () => await ReadyAsync(cluster) is var (code, text) && code == 503
            && text.Contains($"the broker takes nothing: memory or disk alarm ({reason})", StringComparison.Ordinal), "it is not ready, and says why");
        await using var launch = ProcessUnderTest.Start("scitq-launch", "-s", cluster.AmqpUri, "--timeout", "6", "--task-id", late.ToString(), "-n", "late",
            "true");
        Assert.NotEqual(0, await launch.WaitForExitAsync());
        Assert.Contains($"scitq-launch: the broker takes nothing: memory or disk alarm ({reason})", launch.Text, StringComparison.Ordinal);
        await lasts;
        await fixture.Server.ControlAsync(setting, calm);

        await cluster.WaitForAsync(ids[1], "succeeded", attempt: 1);
        await cluster.WaitForAsync(late, "succeeded", attempt: 1);
        cluster.Release("one");
        await cluster.AssertInvariantsAsync();
        Assert.Empty(await cluster.QueryAsync("select concat_ws(' ', t.name, a.attempt, a.outcome, a.reason) from attempt a join task t on t.id = a.task_id "
            + "where a.outcome <> 'succeeded'", r => r.GetString(0)));
        Assert.Empty(await cluster.QueryAsync("select concat_ws(' ', kind, detail) from task_event where kind in ('lost', 'late')", r => r.GetString(0)));
        foreach (var id in ids.Take(2)) await cluster.AssertHeldLogAsync(id);
        Assert.Equal(200, (await ReadyAsync(cluster)).Code);
        Assert.Single(agent.Process.Lines, l => l.Contains("memory or disk alarm", StringComparison.Ordinal));
        Assert.Single(agent.Process.Lines, l => l.Contains("takes messages again", StringComparison.Ordinal));
    }

    private static async Task<(int Code, string Text)> ReadyAsync(Cluster cluster)
    {
        using var answer = await cluster.Client.GetAsync("/health/ready");
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}

/// <summary>The broker of <see cref="BrokerTests"/>.</summary>
public sealed class BrokerFixture : IAsyncLifetime
{
    public RabbitMqServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await RabbitMqServer.StartPrivateAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
