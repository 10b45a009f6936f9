using RabbitMQ.Client;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>Messages that come twice, or in the wrong order.</summary>
[Trait("Level", "EndToEnd")]
public sealed class MessageOrderTests
{
    private const int Count = 100, Limit = 420_000;

    [Fact(Timeout = Limit)]
    public async Task Every_message_twice_is_as_good_as_once()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var connection = await Bus.ConnectAsync(cluster);
        await using var channel = await connection.ConfirmingAsync();
        var agent = await cluster.StartAgentAsync("a", concurrency: 4, prefetch: 4);
        var held = await cluster.SubmitAsync(cluster.Held("held"));
        await cluster.WaitForStartAsync("held");
        var doubled = 0;
        string[] all = [Queues.Tasks, Queues.Claims, Queues.Reports, Queues.Logs, Queues.Workers, Queues.Batch(cluster.Batch), Queues.Worker(agent.Name)];
        foreach (var name in all)
        {
            var copies = (await channel.QueueDeclareAsync()).QueueName;
            await channel.QueueBindAsync(copies, name, "");
            await channel.ListenAsync(copies, async delivery =>
            {
                // To the queue itself, so that the copy has no copy.
                await channel.BasicPublishAsync("", name, true, new BasicProperties(delivery.BasicProperties), delivery.Body);
                Interlocked.Increment(ref doubled);
            });
        }

        var specs = Enumerable.Range(0, Count).Select(i => Tasks.Quick($"q{i}") with { Retry = 1 }).ToList();
        await cluster.SubmitAsync(specs);
        // By the bus, too, and the test itself sends the same order twice.
        var byBus = Guid.CreateVersion7();
        var order = new SubmitTask
            { TaskId = byBus,
            Spec = cluster.Complete(Tasks.Shell("failing", "echo \"$NAME $SCITQ_ATTEMPT\" >>\"$LEDGER\"; [ $SCITQ_ATTEMPT = 2 ]") with { Retry = 2 }) };
        cluster.Expect(byBus);
        await channel.SendAsync(Queues.Tasks, order);
        await channel.SendAsync(Queues.Tasks, order);
        await cluster.WaitForAsync(byBus, "succeeded", attempt: 2);
        cluster.Release("held");

        await cluster.AssertInvariantsAsync();
        Assert.Equal(Count + 1, await cluster.ScalarAsync("select count(*) from task where state = 'succeeded' and attempt = 1"));
        await cluster.AssertHeldLogAsync(held);
        Assert.True(doubled > Count, $"{doubled} messages were doubled");
        // The end of the failed attempt, heard again during the next one, is kept as late, and that is all.
        Assert.Equal(0,
            await cluster.ScalarAsync("select count(*) from task_event e join task t on t.id = e.task_id where e.kind <> 'late' or t.name <> 'failing'"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_success_heard_before_the_start_is_a_success()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var agent = await FakeAgent.StartAsync(cluster, "fake");
        var ids = await cluster.SubmitAsync([Tasks.Quick("reversed"), Tasks.Quick("alone")]);
        var started = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        foreach (var id in ids)
        {
            var key = await agent.ClaimAsync(id);
            var end = new AttemptReport
            {
                Key = key, Stage = AttemptStage.Ended, Started = started,
                Result = new AttemptResult { ExitCode = 0, RunEnded = started.AddSeconds(1), Finished = started.AddSeconds(2), StdoutBytes = 4 },
                Output = [new OutputChunk(OutputStream.Stdout, 0, "done"u8.ToArray())],
            };
            await agent.ReportAsync(end);
            await agent.HearAsync<ReportsAnswered>(a => a.Recorded.Contains(key));
            if (id != ids[0]) continue;
            await agent.ReportAsync(new AttemptReport { Key = key, Stage = AttemptStage.Uploading, Started = started });
            await agent.ReportAsync(new AttemptReport { Key = key, Stage = AttemptStage.Running, Started = started });
            await agent.ReportAsync(new AttemptReport { Key = key, Stage = AttemptStage.Accepted, Phase = "fetching" });
            await agent.ReportAsync(new AttemptReport { Key = key, Stage = AttemptStage.Released });
            await agent.ReportAsync(end, end);
        }

        // Reports are handled in the order of their queue: once the second task has ended, all of the first were handled.
        foreach (var id in ids)
        {
            var task = await cluster.WaitForAsync(id, "succeeded", attempt: 1);
            Assert.Equal(started, task.GetProperty("started").GetDateTime());
            Assert.Equal("done", await cluster.OutputAsync(id));
        }

        await using (var drain = await Bus.ConnectAsync(cluster))
        await using (var channel = await drain.CreateChannelAsync())
            await channel.QueuePurgeAsync(Queues.Batch(cluster.Batch));      // the hints, which the test did not take
        await cluster.AssertInvariantsAsync();
        Assert.Equal(0, await cluster.ScalarAsync("select count(*) from task_event"));
    }
}
