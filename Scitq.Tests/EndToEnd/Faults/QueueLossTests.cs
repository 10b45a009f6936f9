using RabbitMQ.Client;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>An operator who empties or removes queues that are not empty.</summary>
[Trait("Level", "EndToEnd")]
public sealed class QueueLossTests
{
    private const int Count = 200, Limit = 420_000;

    [Fact(Timeout = Limit)]
    public async Task All_tasks_end_after_their_queue_was_purged()
    {
        await using var cluster = await QueuedAsync();
        await cluster.Broker.PurgeAsync(cluster.Vhost, $"scitq.batch.{cluster.Batch}");
        await EndAsync(cluster);
    }

    [Theory(Timeout = Limit)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task All_tasks_end_after_their_queue_was_deleted(bool exchange)
    {
        await using var cluster = await QueuedAsync();
        await using (var connection = await Bus.ConnectAsync(cluster))
        await using (var channel = await connection.CreateChannelAsync())
        {
            await channel.QueueDeleteAsync($"scitq.batch.{cluster.Batch}");
            if (exchange) await channel.ExchangeDeleteAsync($"scitq.batch.{cluster.Batch}");
        }

        await EndAsync(cluster);
    }

    [Fact(Timeout = Limit)]
    public async Task All_tasks_end_after_every_queue_there_is_was_deleted()
    {
        await using var cluster = await QueuedAsync();
        await using (var connection = await Bus.ConnectAsync(cluster))
        await using (var channel = await connection.CreateChannelAsync())
        {
            foreach (var queue in (await cluster.QueuesAsync()).Keys) await channel.QueueDeleteAsync(queue);
        }

        await EndAsync(cluster);
    }

    /// <summary>One task runs, the others wait.</summary>
    private static async Task<Cluster> QueuedAsync()
    {
        var cluster = await Cluster.StartAsync();
        await cluster.StartAgentAsync("a");
        await cluster.SubmitAsync(cluster.Held("held"));
        await cluster.WaitForStartAsync("held");
        await cluster.SubmitAsync([.. Enumerable.Range(0, Count).Select(i => Tasks.Quick($"q{i}"))]);
        await Eventually.Async(async () => (await cluster.QueuesAsync())[$"scitq.batch.{cluster.Batch}"] >= Count, "the tasks are queued", Cluster.Patience);
        return cluster;
    }

    private static async Task EndAsync(Cluster cluster)
    {
        cluster.Release("held");
        await cluster.StartAgentAsync("b", concurrency: 4, prefetch: 8);
        await cluster.AssertInvariantsAsync();
        Assert.Equal(Count + 1, await cluster.ScalarAsync("select count(*) from task where state = 'succeeded' and attempt = 1"));
    }
}
