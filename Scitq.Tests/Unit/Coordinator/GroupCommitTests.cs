using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

[Trait("Level", "Unit")]
public sealed class GroupCommitTests
{
    [Fact(Timeout = 10_000)]
    public async Task An_order_that_another_coordinator_overtook_is_judged_by_what_the_task_is_then()
    {
        var store = new OvertakenStore();
        using var tasks = new GroupCommit(
            new TaskStateMachine(new TaskVerbs(Options.Create(new TaskOptions()), TimeProvider.System)), store, new Lazy<IEnumerable<ICommitObserver>>([]), TimeProvider.System, NullLogger<GroupCommit>.Instance);
        await tasks.StartAsync(TestContext.Current.CancellationToken);
        var cancel = new CancelRequested("too late");
        var task = await tasks.RaiseAsync(TaskStimulus.For(store.Id, m => m.CancelRequested, cancel), TestContext.Current.CancellationToken);
        await tasks.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal((TaskState.Succeeded, 1), (task!.State, store.Conflicts));
        Assert.False(cancel.Done);
    }

    /// <summary>At the first look the task waits; before the cancel is saved, another coordinator has recorded its end.</summary>
    private sealed class OvertakenStore : ITaskStore
    {
        public Guid Id { get; } = Guid.NewGuid();

        public int Conflicts { get; private set; }

        public Task<Dictionary<Guid, TaskSaga>> LoadAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct)
        {
            var task = new TaskSaga { CorrelationId = Id, Batch = "b", Attempt = 1, State = Conflicts == 0 ? TaskState.Pending : TaskState.Succeeded };
            task.SetSpec(new TaskSpec { Argv = ["true"], Batch = "b" });
            return Task.FromResult(new Dictionary<Guid, TaskSaga> { [Id] = task });
        }

        public Task SaveAsync(TaskChanges changes, CancellationToken ct)
        {
            Conflicts++;
            throw new SaveConflictException(null);
        }

        public bool IsTransient(Exception exception) => false;
    }
}
