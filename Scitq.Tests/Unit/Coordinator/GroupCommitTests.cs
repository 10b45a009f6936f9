using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

[Trait("Level", "Unit")]
public sealed class GroupCommitTests
{
    private readonly MemoryStore _store = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = 10_000)]
    public async Task An_order_that_another_coordinator_overtook_is_judged_by_what_the_task_is_then()
    {
        var row = TaskUnderTest.Make(TaskState.Pending, Guid.Empty);
        _store.Put(row);
        var conflicts = 0;
        _store.Saving = _ =>
        {
            // Before the cancel is saved, another coordinator has recorded the task's end.
            conflicts++;
            row.State = TaskState.Succeeded;
            _store.Put(row);
            throw new SaveConflictException(null);
        };
        await using var loop = await CommitLoop.StartAsync(_store);
        var (task, answer) = await loop.Inbox.RaiseAsync(Cancel(row.CorrelationId), Ct);
        Assert.Equal((TaskState.Succeeded, 1, false), (task!.State, conflicts, answer.Done));
    }

    [Fact(Timeout = 10_000)]
    public async Task An_observer_that_throws_neither_fails_a_group_nor_has_it_committed_again_and_the_next_one_is_told()
    {
        var told = new Told();
        await using var loop = await CommitLoop.StartAsync(_store, null, new Throwing(), told);
        // Two at once, and a third afterwards: the loop must live on.
        var ids = new[] { Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid() };
        await Task.WhenAll(loop.Inbox.RaiseAsync(Submit(ids[0]), Ct), loop.Inbox.RaiseAsync(Submit(ids[1]), Ct));
        await loop.Inbox.RaiseAsync(Submit(ids[2]), Ct);
        Assert.Equal(ids.Order(), _store.Saved.SelectMany(c => c.Inserts).Select(t => t.CorrelationId).Order());
        Assert.All(ids, id => Assert.Equal((TaskState.Pending, 0), (_store[id]!.State, _store[id]!.Version)));
        Assert.Equal(ids.Order(), told.Tasks.Order());
    }

    [Fact(Timeout = 10_000)]
    public async Task One_event_that_can_not_be_saved_fails_alone()
    {
        var bad = Guid.NewGuid();
        var release = new TaskCompletionSource();
        _store.Saving = changes =>
        {
            // While the first group is being saved, the others pile up to one.
            if (_store.Saved.Count == 0) release.Task.Wait(Ct);
            if (changes.Inserts.Exists(t => t.CorrelationId == bad)) throw new InvalidDataException("not this one");
        };
        await using var loop = await CommitLoop.StartAsync(_store);
        var first = loop.Inbox.RaiseAsync(Submit(Guid.NewGuid()), Ct);
        var good = loop.Inbox.RaiseAsync(Submit(Guid.NewGuid()), Ct);
        var refused = loop.Inbox.RaiseAsync(Submit(bad), Ct);
        release.SetResult();
        Assert.NotNull((await first).Task);
        Assert.NotNull((await good).Task);
        await Assert.ThrowsAsync<InvalidDataException>(() => refused);
        Assert.Null(_store[bad]);
    }

    [Fact(Timeout = 10_000)]
    public async Task Each_event_of_a_group_has_its_own_answer()
    {
        await using var loop = await CommitLoop.StartAsync(_store);
        var id = Guid.NewGuid();
        var outcomes = await loop.Inbox.RaiseAsync(
            [Submit(id), Claim(id, "one"), Claim(id, "other"), Cancel(id), Cancel(Guid.NewGuid())], Ct);
        Assert.NotNull(outcomes[1].Answer.Lease);
        Assert.Equal("worker one has it", outcomes[2].Answer.Refusal);
        Assert.True(outcomes[3].Answer is { Done: true, Lease: null });
        Assert.Null(outcomes[4].Task);
    }

    private static TaskStimulus Submit(Guid id) =>
        TaskStimulus.For(id, m => m.Submitted, new SubmitTask { TaskId = id, Spec = new TaskSpec { Argv = ["true"] } });

    private static TaskStimulus Claim(Guid id, string worker) => TaskStimulus.For(id, m => m.Claimed, new Claimed(worker, 1));

    private static TaskStimulus Cancel(Guid id) => TaskStimulus.For(id, m => m.CancelRequested, new CancelTask { TaskId = id, Reason = "too late" });

    private sealed class Throwing : ICommitObserver
    {
        public void Committed(IReadOnlyList<CommittedTask> tasks) => throw new InvalidOperationException("an observer's own fault");
    }

    private sealed class Told : ICommitObserver
    {
        public List<Guid> Tasks { get; } = [];

        public void Committed(IReadOnlyList<CommittedTask> tasks) => Tasks.AddRange(tasks.Select(t => t.Task.CorrelationId));
    }
}
