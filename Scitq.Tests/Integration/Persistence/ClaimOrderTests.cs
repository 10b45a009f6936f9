using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Integration.Persistence;

/// <summary>In which order the tasks of a batch are granted, whatever the database.</summary>
[Trait("Level", "Integration")]
public abstract class ClaimOrderTests(bool postgres)
{
    [Fact(Timeout = 120_000)]
    public async Task Higher_priorities_go_first_and_of_equal_ones_the_older_whichever_messages_ask_alone_or_together()
    {
        await using var database = await Database.CreateAsync(postgres);
        var priorities = Enumerable.Range(0, 500).Select(i => (int?)(i * 7 % 21 - 10)).ToList();
        var tasks = await SubmitAsync(database, "b", priorities);
        await SubmitAsync(database, "other", [10, 10]);
        var expected = tasks.OrderByDescending(t => t.Priority).ThenBy(t => t.Number).Select(t => t.Number).ToList();
        var messages = tasks.Select(t => t.CorrelationId).ToList();

        var granted = new List<long>();
        foreach (var message in messages[..20]) granted.AddRange(await ClaimAsync(database, [message]));
        foreach (var some in messages[20..].Chunk(120)) granted.AddRange(await ClaimAsync(database, some));
        Assert.Equal(expected, granted);
    }

    [Fact(Timeout = 120_000)]
    public async Task Ten_thousand_queued_tasks_are_moved_and_those_that_wait_for_others_with_them()
    {
        await using var database = await Database.CreateAsync(postgres);
        var tasks = await SubmitAsync(database, "b", [.. Enumerable.Repeat<int?>(0, 12_000)]);
        var waits = new SubmitTask
        {
            TaskId = Guid.CreateVersion7(), Spec = new TaskSpec { Argv = ["true"], Batch = "b", Requirements = [tasks[0].CorrelationId.ToString()] },
        };
        await database.Service.SubmitAsync([waits], CancellationToken.None);
        List<Guid> moved = [.. tasks.Skip(2_000).Select(t => t.CorrelationId), waits.TaskId];

        var watch = Stopwatch.StartNew();
        foreach (var page in moved.Chunk(1_000))
        {
            var answers = await database.Service.GivePriorityAsync(page, new PriorityGiven(3, Reason: "soon"), "me", CancellationToken.None);
            Assert.All(answers, a => Assert.True(a is { Done: true, Task.Priority: 3 }));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"10,001 moved in {watch.Elapsed.TotalSeconds:0.00} s");
        Assert.Equal(tasks.Skip(2_000).Take(50).Select(t => t.Number), await ClaimAsync(database, [.. tasks.Take(50).Select(t => t.CorrelationId)]));
        await using var db = database.Context();
        Assert.Equal(3, (await db.Tasks.SingleAsync(t => t.CorrelationId == waits.TaskId)).Priority);
        var told = await db.Events.Where(e => e.Kind == HistoryKind.PriorityGiven).ToListAsync();
        Assert.Equal(10_001, told.Count);
        Assert.All(told, e => Assert.Equal(("3 instead of 0: soon", "me"), (e.Detail, e.ByWhom)));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_priority_is_the_tasks_own_or_the_batchs_and_what_has_ended_keeps_its()
    {
        await using var database = await Database.CreateAsync(postgres);
        await SubmitAsync(database, "b", [0]);
        await using (var db = database.Context())
            await db.Batches.Where(b => b.Name == "b").ExecuteUpdateAsync(set => set.SetProperty(b => b.Priority, 4).SetProperty(b => b.Ordered, true));
        var tasks = await SubmitAsync(database, "b", [null, 0, 7]);
        Assert.Equal([4, 0, 7], tasks.Select(t => t.Priority));

        // The batch's changes: its own stay, and so does the one that a user has moved.
        Guid[] all = [.. tasks.Select(t => t.CorrelationId)];
        await database.Service.CancelAsync(all[2], null, CancellationToken.None);
        var answers = await database.Service.GivePriorityAsync(all, new PriorityGiven(-2, InsteadOf: 4), null, CancellationToken.None);
        Assert.Equal([(-2, true), (0, false), (7, false)], answers.Select(a => (a!.Value.Task.Priority, a.Value.Done)));
        answers = await database.Service.GivePriorityAsync([all[0], all[2]], new PriorityGiven(9), null, CancellationToken.None);
        Assert.Equal([(9, true), (7, false)], answers.Select(a => (a!.Value.Task.Priority, a.Value.Done)));
    }

    private protected static async Task<IReadOnlyList<TaskSaga>> SubmitAsync(Database database, string batch, IReadOnlyList<int?> priorities) =>
        await database.Service.SubmitAsync(
            [.. priorities.Select(p => new SubmitTask
            {
                TaskId = Guid.CreateVersion7(), Spec = new TaskSpec { Argv = ["true"], Batch = batch, Priority = p },
            })],
            CancellationToken.None);

    /// <summary>The numbers of what these messages bring, in their order; 0 for nothing.</summary>
    private protected static async Task<IReadOnlyList<long>> ClaimAsync(Database database, IReadOnlyList<Guid> messages, string worker = "w")
    {
        var claims = messages.Select(id => TaskStimulus.For(id, m => m.Claimed, new Claimed(worker, 1) { Batch = "b", Knows = Abilities.All }));
        return [.. (await database.Tasks.RaiseAsync([.. claims], CancellationToken.None)).Select(o => o.Answer.Lease is null ? 0 : o.Task!.Number)];
    }
}

public sealed class SqliteClaimOrderTests() : ClaimOrderTests(postgres: false);

public sealed class PostgresClaimOrderTests() : ClaimOrderTests(postgres: true)
{
    [Fact(Timeout = 120_000)]
    public async Task Two_coordinators_give_each_task_once_and_the_lower_priorities_after_the_higher_ones()
    {
        await using var one = await Database.CreateAsync(postgres: true);
        await using var other = await one.BesideAsync();
        var tasks = await SubmitAsync(one, "b", [.. Enumerable.Range(0, 2_000).Select(i => (int?)(i % 2))]);
        var messages = tasks.Select(t => t.CorrelationId).ToList();
        Assert.Equal([tasks[1].Number], await ClaimAsync(other, [messages[0]]));

        // Both at once, in parts of different sizes.
        var first = messages[1..900].Chunk(7).Select(part => ClaimAsync(one, part, "w1"));
        var second = messages[900..].Chunk(31).Select(part => ClaimAsync(other, part, "w2"));
        var granted = (await Task.WhenAll(first.Concat(second))).SelectMany(x => x).ToList();
        Assert.Equal(1_999, granted.Where(n => n != 0).Distinct().Count());
        Assert.DoesNotContain(0, granted);

        await using var db = one.Context();
        Assert.Equal(2_000, await db.Tasks.CountAsync(t => t.State == TaskState.Accepted && t.Lease != null));
    }

    [Fact(Timeout = 120_000)]
    public async Task What_one_coordinator_has_in_hand_the_other_does_not_wait_for()
    {
        await using var one = await Database.CreateAsync(postgres: true);
        await using var other = await one.BesideAsync();
        var tasks = await SubmitAsync(one, "b", [5, 4, 3]);
        await using (var picked = await one.Store.PickAsync([], new Dictionary<string, int> { ["b"] = 1 }, CancellationToken.None))
        {
            Assert.Equal(tasks[0].Number, Assert.Single(picked.Next).Number);
            Assert.Equal([tasks[1].Number], await ClaimAsync(other, [tasks[2].CorrelationId]));
        }

        // Given up: it is the first again.
        Assert.Equal([tasks[0].Number, tasks[2].Number], await ClaimAsync(other, [tasks[0].CorrelationId, tasks[1].CorrelationId]));
    }
}
