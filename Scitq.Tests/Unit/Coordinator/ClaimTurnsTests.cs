using FsCheck;
using FsCheck.Fluent;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>Which task a message brings, in a batch with priorities.</summary>
[Trait("Level", "Unit")]
public sealed class ClaimTurnsTests
{
    private readonly MemoryStore _store = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = 30_000)]
    public async Task A_message_brings_the_task_whose_turn_it_is_and_not_the_one_it_names()
    {
        await using var world = await World.StartAsync(_store);
        foreach (var priority in (int?[])[null, -3, 5, 0, 5]) await world.SubmitAsync(priority);
        var brought = new List<long>();
        foreach (var message in world.Messages.ToList()) brought.Add((await world.ClaimAsync(message, "w"))!.Number!.Value);
        Assert.Equal([3, 5, 1, 4, 2], brought);
    }

    [Fact(Timeout = 30_000)]
    public async Task Without_priorities_and_for_an_agent_that_can_take_no_other_a_message_brings_the_task_it_names()
    {
        await using var world = await World.StartAsync(_store);
        await world.SubmitAsync(null);
        await world.SubmitAsync(0);
        Assert.Equal(2, (await world.ClaimAsync(world.Messages[1], "w"))!.Number);
        await world.SubmitAsync(9);
        Assert.Equal(1, (await world.ClaimAsync(world.Messages[0], "old", batch: null))!.Number);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_message_that_comes_again_brings_the_same_while_that_is_under_way_and_another_afterwards()
    {
        await using var world = await World.StartAsync(_store);
        foreach (var priority in (int?[])[0, 1, 2]) await world.SubmitAsync(priority);
        var message = world.Messages[0];
        var first = (await world.ClaimAsync(message, "w"))!;
        Assert.Equal((3L, true), (first.Number, first.ByAnother));
        Assert.Equal(first.Lease, (await world.ClaimAsync(message, "w"))!.Lease);
        Assert.Null(await world.ClaimAsync(message, "other"));
        await world.EndAsync(first);
        Assert.Equal(2, (await world.ClaimAsync(message, "other"))!.Number);
        // Sent once more, because it seemed to be missing: another message about the same task.
        var again = (await world.ClaimAsync(message with { Token = Guid.NewGuid() }, "other"))!;
        Assert.Equal((1L, true), (again.Number, again.ByAnother));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_task_that_a_worker_gave_back_goes_before_younger_ones_of_its_priority()
    {
        await using var world = await World.StartAsync(_store);
        foreach (var priority in (int?[])[1, 1, 1]) await world.SubmitAsync(priority);
        var first = (await world.ClaimAsync(world.Messages[0], "w"))!;
        Assert.Equal((1L, false), (first.Number, first.ByAnother));
        await world.GiveBackAsync(first);
        Assert.Equal((1L, 2), (await world.ClaimAsync(world.Messages[1], "w"))! is var next ? (next.Number!.Value, next.Attempt) : default);
    }

    [Fact(Timeout = 30_000)]
    public async Task What_an_agent_is_too_old_for_is_passed_over_and_stays_first()
    {
        await using var world = await World.StartAsync(_store);
        await world.SubmitAsync(5, new TaskSpec { Argv = ["true"], Secrets = ["KEY"] });
        await world.SubmitAsync(1);
        await world.SubmitAsync(0);
        Assert.Equal(2, (await world.ClaimAsync(world.Messages[2], "old", knows: []))!.Number);
        Assert.Equal(1, (await world.ClaimAsync(world.Messages[1], "new"))!.Number);
    }

    [Fact(Timeout = 60_000)]
    public void Whatever_happens_the_next_message_brings_the_first_task_that_waits_and_there_is_a_message_for_each() =>
        Check.One(Properties.Of(300), Prop.ForAll(Gen.ListOf(AnyStep()).Resize(60).ToArbitrary(), steps => RunAsync([.. steps]).GetAwaiter().GetResult()));

    private static Gen<Step> StepOf(Action action) => Gen.Choose(-10, 10).Zip(Gen.Choose(0, 1_000)).Select(x => new Step(action, x.Item1, x.Item2));

    private static Gen<Step> AnyStep() => Gen.Frequency(
        (4, StepOf(Action.Submit)), (4, StepOf(Action.Claim)), (1, StepOf(Action.ClaimTogether)), (1, StepOf(Action.ClaimAgain)),
        (2, StepOf(Action.GivePriority)), (1, StepOf(Action.Cancel)), (1, StepOf(Action.GiveBack)), (1, StepOf(Action.End)));

    private static async Task RunAsync(IReadOnlyList<Step> steps)
    {
        var store = new MemoryStore();
        await using var world = await World.StartAsync(store);
        // From here on the batch has an order.
        await world.SubmitAsync(1);
        foreach (var step in steps) await world.DoAsync(step);
    }

    private enum Action
    {
        Submit,
        Claim,
        ClaimTogether,
        ClaimAgain,
        GivePriority,
        Cancel,
        GiveBack,
        End,
    }

    private sealed record Step(Action Action, int Priority, int Which);

    /// <summary>A batch with its queue, which delivers in any order, and what is known of its tasks.</summary>
    private sealed class World(MemoryStore store, CommitLoop loop) : ICommitObserver, IAsyncDisposable
    {
        private readonly List<Guid> _tasks = [];
        private readonly List<(TaskQueued Message, ClaimAnswer Brought)> _underWay = [];

        /// <summary>The messages in the queue.</summary>
        public List<TaskQueued> Messages { get; } = [];

        private IEnumerable<TaskSaga> All => _tasks.Select(id => store[id]!);

        private List<TaskSaga> Waiting =>
            [.. All.Where(t => t.State == TaskState.Pending).OrderByDescending(t => t.Priority).ThenBy(t => t.Number)];

        public static async Task<World> StartAsync(MemoryStore store)
        {
            World? world = null;
            var loop = await CommitLoop.StartAsync(store, null, new Relay(saved => world!.Committed(saved)));
            return world = new World(store, loop);
        }

        public ValueTask DisposeAsync() => loop.DisposeAsync();

        public void Committed(IReadOnlyList<CommittedTask> tasks)
        {
            foreach (var (task, effects) in tasks)
                if (effects.Dispatch) Messages.Add(new TaskQueued { TaskId = task.CorrelationId, Attempt = task.Attempt });
        }

        public async Task SubmitAsync(int? priority, TaskSpec? spec = null)
        {
            var id = Guid.CreateVersion7();
            _tasks.Add(id);
            var submitted = new SubmitTask { TaskId = id, Spec = (spec ?? new TaskSpec { Argv = ["true"] }) with { Priority = priority } };
            await loop.Inbox.RaiseAsync(TaskStimulus.For(id, m => m.Submitted, submitted), Ct);
        }

        public async Task<ClaimAnswer?> ClaimAsync(TaskQueued message, string worker, string? batch = BatchName.Default, IReadOnlyList<string>? knows = null) =>
            (await ClaimAsync([message], worker, batch, knows))[0];

        public async Task EndAsync(ClaimAnswer held)
        {
            var result = new AttemptResult { ExitCode = 0, Finished = DateTime.UnixEpoch };
            var report = new AttemptReport { Key = Key(held), Stage = AttemptStage.Ended, Result = result };
            await loop.Inbox.RaiseAsync(TaskStimulus.For(held.TaskId, m => m.AttemptEnded, new AttemptEnded("w", report)), Ct);
        }

        public async Task GiveBackAsync(ClaimAnswer held)
        {
            var report = new AttemptReport { Key = Key(held), Stage = AttemptStage.Released };
            await loop.Inbox.RaiseAsync(TaskStimulus.For(held.TaskId, m => m.AttemptReleased, new AttemptReleased("w", report)), Ct);
        }

        public async Task DoAsync(Step step)
        {
            switch (step.Action)
            {
                case Action.Submit:
                    await SubmitAsync(step.Priority);
                    break;
                case Action.Claim when Messages.Count > 0:
                    await ClaimNextAsync([step.Which % Messages.Count]);
                    break;
                case Action.ClaimTogether when Messages.Count > 2:
                    await ClaimNextAsync([0, Messages.Count / 2, Messages.Count - 1]);
                    break;
                case Action.ClaimAgain when _underWay.Count > 0:
                    var (message, brought) = _underWay[step.Which % _underWay.Count];
                    Assert.Equal(brought.Lease, (await ClaimAsync(message, "w"))?.Lease);
                    Assert.Null(await ClaimAsync(message, "other"));
                    break;
                case Action.GivePriority:
                    var given = new PriorityGiven(step.Priority);
                    await loop.Inbox.RaiseAsync(TaskStimulus.For(_tasks[step.Which % _tasks.Count], m => m.PriorityGiven, given), Ct);
                    break;
                case Action.Cancel when Waiting is { Count: > 0 } waiting:
                    var id = waiting[step.Which % waiting.Count].CorrelationId;
                    await loop.Inbox.RaiseAsync(TaskStimulus.For(id, m => m.CancelRequested, new CancelTask { TaskId = id }), Ct);
                    // A message is over now. The one that finds nothing is refused: here and now, so that the rest can be counted.
                    if (Waiting.Count == 0) Messages.Clear();
                    else Messages.RemoveAt(0);
                    break;
                case Action.GiveBack when _underWay.Count > 0:
                    await GiveBackAsync(Finished(step.Which));
                    break;
                case Action.End when _underWay.Count > 0:
                    await EndAsync(Finished(step.Which));
                    break;
            }

            Assert.Equal(Waiting.Count, Messages.Count);
        }

        private static AttemptKey Key(ClaimAnswer held) => new(held.TaskId, held.Attempt, held.Lease!.Value);

        private ClaimAnswer Finished(int which)
        {
            var one = _underWay[which % _underWay.Count];
            _underWay.Remove(one);
            return one.Brought;
        }

        private async Task ClaimNextAsync(IReadOnlyList<int> places)
        {
            var expected = Waiting.Take(places.Count).Select(t => t.Number).ToList();
            var claimed = places.Select(p => Messages[p]).ToList();
            var brought = await ClaimAsync(claimed, "w", BatchName.Default, null);
            Assert.Equal(expected, brought.Select(b => b?.Number ?? 0));
            _underWay.AddRange(claimed.Zip(brought, (m, b) => (m, b!)));
            Messages.RemoveAll(claimed.Contains);
        }

        private async Task<IReadOnlyList<ClaimAnswer?>> ClaimAsync(
            IReadOnlyList<TaskQueued> messages, string worker, string? batch, IReadOnlyList<string>? knows)
        {
            var claims = messages.Select(m => TaskStimulus.For(
                m.TaskId, t => t.Claimed, new Claimed(worker, m.Attempt) { Batch = batch, Token = m.Token, Knows = knows ?? Abilities.All }));
            return [.. (await loop.Inbox.RaiseAsync([.. claims], Ct)).Select(o => o.Answer.Lease is null ? null : o.Task!.Grant())];
        }
    }

    private sealed class Relay(System.Action<IReadOnlyList<CommittedTask>> then) : ICommitObserver
    {
        public void Committed(IReadOnlyList<CommittedTask> tasks) => then(tasks);
    }
}
