using System.Text;
using System.Text.Json;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>Messages that can't be handled, on every queue there is.</summary>
[Trait("Level", "EndToEnd")]
public sealed class MalformedMessageTests
{
    private const int Limit = 420_000;

    [Fact(Timeout = Limit)]
    public async Task Malformed_messages_stop_no_consumer_and_end_up_in_the_history()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var connection = await Bus.ConnectAsync(cluster);
        await using var channel = await connection.ConfirmingAsync();
        var agent = await cluster.StartAgentAsync("a", concurrency: 2);
        var held = await cluster.SubmitAsync(cluster.Held("held"));
        await cluster.WaitForStartAsync("held");

        string[] queues = [Queues.Tasks, Queues.Claims, Queues.Reports, Queues.Logs, Queues.Workers, Queues.Batch(cluster.Batch), Queues.Worker(agent.Name)];
        var sent = 0;
        foreach (var queue in queues)
        {
            foreach (var (body, type) in Hostile(TypeOf(queue)))
            {
                await channel.SendAsync(queue, body, type);
                sent++;
            }
        }

        // The task whose order it was is told in its history, too.
        var named = Guid.CreateVersion7();
        await channel.SendAsync(Queues.Tasks, Encoding.UTF8.GetBytes($"{{\"taskId\":\"{named}\",\"spec\":{{\"argv\":7}}}}"), null);
        sent++;
        // In good form, and still nothing that can be done.
        var refused = new SubmitTask { TaskId = Guid.CreateVersion7(), Spec = cluster.Complete(Tasks.Quick("refused")) with { Batch = "no such name" } };
        var huge = new SubmitTask
            { TaskId = Guid.CreateVersion7(), Spec = cluster.Complete(Tasks.Quick("huge")) with { Argv = ["echo", new string('x', 20_000_000)] } };
        var direct = new TaskQueued { TaskId = Guid.CreateVersion7(), Spec = refused.Spec };
        await channel.SendAsync(Queues.Tasks, refused);
        await channel.SendAsync(Queues.Tasks, huge);
        await channel.SendAsync(Queues.Batch(cluster.Batch), direct);

        // Behind all of them, what is well-formed passes: by the bus, without any header, and straight to the batch's queue.
        var plain = new SubmitTask { TaskId = Guid.CreateVersion7(), Spec = cluster.Complete(Tasks.Quick("plain")) };
        var queued = new TaskQueued { TaskId = Guid.CreateVersion7(), Spec = cluster.Complete(Tasks.Quick("queued")) };
        cluster.Expect(plain.TaskId, queued.TaskId);
        await channel.SendAsync(Queues.Tasks, JsonSerializer.SerializeToUtf8Bytes(plain, ScitqJson.Bus), null);
        await channel.SendAsync(Queues.Batch(cluster.Batch), JsonSerializer.SerializeToUtf8Bytes(queued, ScitqJson.Bus), null);
        await cluster.WaitForAsync(plain.TaskId, "succeeded", attempt: 1);
        await cluster.WaitForAsync(queued.TaskId, "succeeded", attempt: 1);

        await Eventually.Async(async () =>
            await EventsAsync(cluster, "malformed") >= sent, $"{sent} malformed messages are in the history", TimeSpan.FromSeconds(60));
        Assert.Equal(sent, await EventsAsync(cluster, "malformed"));
        foreach (var queue in queues)
            Assert.NotEqual(0, await cluster.ScalarAsync($"select count(*) from task_event where kind = 'malformed' and detail like '%{queue}\\_%'"));
        Assert.Equal(1, await cluster.ScalarAsync($"select count(*) from task_event where task_id = '{named}'"));
        foreach (var id in new[] { refused.TaskId, huge.TaskId, direct.TaskId })
            await Eventually.Async(async () =>
                await cluster.ScalarAsync($"select count(*) from task_event where task_id = '{id}' and kind = 'refused' and length(detail) < 10000") == 1,
                $"{id} is refused", Cluster.Patience);

        cluster.Release("held");
        await cluster.WaitForAsync(held, "succeeded", attempt: 1);
        await cluster.AssertHeldLogAsync(held);
        await cluster.AssertInvariantsAsync(malformed: true);
    }

    private static Task<long> EventsAsync(Cluster cluster, string kind) => cluster.ScalarAsync($"select count(*) from task_event where kind = '{kind}'");

    private static string TypeOf(string queue) => queue switch
    {
        Queues.Tasks => nameof(SubmitTask),
        Queues.Claims => nameof(ClaimTasks),
        Queues.Reports => nameof(AttemptReports),
        Queues.Logs => nameof(OutputAppended),
        Queues.Workers => nameof(WorkerHeartbeat),
        _ when queue.StartsWith("scitq.worker.", StringComparison.Ordinal) => nameof(ClaimsAnswered),
        _ => nameof(TaskQueued),
    };

    private static IEnumerable<(byte[] Body, string? Type)> Hostile(string type)
    {
        var urn = $"urn:message:Scitq.Contracts.Messages:{type}";
        var random = new byte[512];
        new Random(7).NextBytes(random);
        yield return (random, urn);                                                         // garbage
        yield return (random, null);                                                        // garbage of which nobody says what it is
        yield return ([], urn);                                                             // nothing
        yield return ("{\"taskId\":\"0190"u8.ToArray(), urn);                               // cut off
        yield return ("[1,2,3]"u8.ToArray(), urn);                                          // not an object
        yield return ("null"u8.ToArray(), urn);
        yield return ("{}"u8.ToArray(), urn);                                               // all that is required is missing
        yield return ("{\"worker\":{},\"taskId\":[],\"request\":\"x\",\"items\":\"no\",\"key\":0}"u8.ToArray(), urn);      // wrong types
        yield return (Encoding.UTF8.GetBytes(new string('[', 100_000)), urn);               // deep
        yield return (Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"worker\":", 100_000))), null);
        yield return (Encoding.UTF8.GetBytes($"\"{new string('x', 8_000_000)}\""), urn);    // huge
        yield return ("{}"u8.ToArray(), "urn:message:Somebody.Else:Order");                 // a type unknown here
        yield return ("{}"u8.ToArray(), "no urn at all");
    }
}
