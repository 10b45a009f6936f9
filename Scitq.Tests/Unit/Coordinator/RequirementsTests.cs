using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

[Trait("Level", "Unit")]
public sealed class RequirementsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = 10_000)]
    public async Task A_task_that_begins_to_wait_while_the_table_is_looked_at_is_released_with_the_one_it_requires()
    {
        var lookup = new SlowLookup();
        var outage = new DatabaseOutage(new MemoryStore(), TimeProvider.System, NullLogger<DatabaseOutage>.Instance);
        using var requirements = new Requirements(
            lookup, new TaskInbox(), outage, CommitLoop.Rules, TimeProvider.System, NullLogger<Requirements>.Instance);
        await requirements.StartAsync(Ct);
        await lookup.Looking.Task.WaitAsync(Ct);
        var (waiting, required) = (Guid.NewGuid(), Guid.NewGuid());
        requirements.Committed([Committed(waiting, TaskState.Waiting)]);
        lookup.NothingWaits.SetResult(false);
        Assert.Equal([waiting], await lookup.Asked.Reader.ReadAsync(Ct));

        requirements.Committed([Committed(required, TaskState.Succeeded)]);
        Assert.Equal([required], await lookup.Asked.Reader.ReadAsync(Ct));
        await requirements.StopAsync(Ct);
    }

    private static CommittedTask Committed(Guid id, TaskState state) => new(new TaskSaga { CorrelationId = id, State = state }, new TaskEffects());

    /// <summary>Looks at a table in which nothing waits yet, and takes its time.</summary>
    private sealed class SlowLookup : ITaskLookup
    {
        public TaskCompletionSource Looking { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<bool> NothingWaits { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Channel<IReadOnlyList<Guid>> Asked { get; } = Channel.CreateUnbounded<IReadOnlyList<Guid>>();

        public Task<bool> AnyWaitsAsync(CancellationToken ct)
        {
            Looking.TrySetResult();
            return NothingWaits.Task.WaitAsync(ct);
        }

        public Task<IReadOnlyList<Guid>> ReleasableAsync(IReadOnlyCollection<Guid>? ids, CancellationToken ct)
        {
            Asked.Writer.TryWrite([.. ids ?? []]);
            return Task.FromResult<IReadOnlyList<Guid>>([]);
        }

        public Task<IReadOnlyList<RequirementRow>> RequirementsOfAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct) => throw new NotSupportedException();

        public Task<IAsyncDisposable> LockRequirementsAsync(CancellationToken ct) => throw new NotSupportedException();

        public Task<IReadOnlyList<(Guid Id, string Why)>> DoomedAsync(IReadOnlyCollection<Guid>? ids, CancellationToken ct) =>
            Task.FromResult<IReadOnlyList<(Guid, string)>>([]);

        public Task<IReadOnlyList<(long Number, Guid Id)>> ExistingAsync(
            IReadOnlyCollection<long> numbers, IReadOnlyCollection<Guid> ids, CancellationToken ct) => throw new NotSupportedException();

        public Task<IReadOnlyList<Guid>> DueAsync(DateTime now, int most, CancellationToken ct) => throw new NotSupportedException();

        public Task<DateTime?> NextDueAsync(CancellationToken ct) => throw new NotSupportedException();
    }
}
