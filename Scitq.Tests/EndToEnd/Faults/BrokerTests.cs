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
        await using var cluster = await Cluster.StartAsync(new ClusterSetup { Broker = fixture.Server, LostAfter = 15, Coordinator = ["--Tasks:GraceSeconds", "60"] });
        await cluster.StartAgentAsync("a", concurrency: 2, prefetch: 1);
        var ids = await cluster.SubmitAsync([cluster.Held("one"), cluster.Held("two"), .. Enumerable.Range(0, 20).Select(i => Tasks.Quick($"q{i}"))]);
        await cluster.WaitForStartAsync("one");
        await cluster.WaitForStartAsync("two");

        await fixture.Server.KillAsync();
        cluster.Release("two");             // ends while there is nobody to tell
        var absence = Task.Delay(TimeSpan.FromSeconds(30));
        var late = await cluster.SubmitAsync(Tasks.Quick("late"));
        Assert.Equal("pending", await cluster.StatusAsync(late));
        await absence;
        await fixture.Server.StartAsync();

        await cluster.WaitForAsync(ids[1], "succeeded", attempt: 1);
        await cluster.WaitForAsync(late, "succeeded", attempt: 1);
        cluster.Release("one");
        await cluster.AssertInvariantsAsync();
        Assert.Empty(await cluster.QueryAsync("select concat_ws(' ', t.name, a.attempt, a.outcome, a.accepted, a.finished, a.reason) from attempt a join task t on t.id = a.task_id where a.outcome <> 'succeeded'", r => r.GetString(0)));
        await cluster.AssertHeldLogAsync(ids[0]);
        await cluster.AssertHeldLogAsync(ids[1]);
    }

    [Fact(Timeout = Limit)]
    public async Task A_memory_alarm_harms_no_running_task_and_reports_arrive_after_it()
    {
        await using var cluster = await Cluster.StartAsync(new ClusterSetup { Broker = fixture.Server });
        await cluster.StartAgentAsync("a", concurrency: 2);
        var ids = await cluster.SubmitAsync([cluster.Held("one"), cluster.Held("two"), Tasks.Quick("three")]);
        await cluster.WaitForStartAsync("one");
        await cluster.WaitForStartAsync("two");

        await fixture.Server.ControlAsync("set_vm_memory_high_watermark", "0.00001");
        cluster.Release("two");
        await Task.Delay(TimeSpan.FromSeconds(20));
        await fixture.Server.ControlAsync("set_vm_memory_high_watermark", "0.4");

        await cluster.WaitForAsync(ids[1], "succeeded", attempt: 1);
        await cluster.WaitForAsync(ids[2], "succeeded", attempt: 1);
        cluster.Release("one");
        await cluster.WaitForAsync(ids[0], "succeeded", attempt: 1);
        await cluster.AssertHeldLogAsync(ids[0]);
        await cluster.AssertHeldLogAsync(ids[1]);
        await cluster.AssertInvariantsAsync();
    }
}

/// <summary>The broker of <see cref="BrokerTests"/>.</summary>
public sealed class BrokerFixture : IAsyncLifetime
{
    public RabbitMqServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await RabbitMqServer.StartPrivateAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
