using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>The commit loop over a store in memory.</summary>
internal sealed class CommitLoop : IAsyncDisposable
{
    private readonly GroupCommit _commits;

    private CommitLoop(ITaskStore store, TaskStateMachine machine, ICommitObserver[] observers)
    {
        Machine = machine;
        var outage = new DatabaseOutage(store, TimeProvider.System, NullLogger<DatabaseOutage>.Instance);
        _commits = new GroupCommit(Inbox, new GroupHandler(machine, store, outage, []), outage, observers, TimeProvider.System, NullLogger<GroupCommit>.Instance);
    }

    public static IOptions<TaskOptions> Rules { get; } = Options.Create(new TaskOptions());

    public TaskInbox Inbox { get; } = new();

    public TaskStateMachine Machine { get; }

    public static async Task<CommitLoop> StartAsync(ITaskStore store, TaskStateMachine? machine = null, params ICommitObserver[] observers)
    {
        var loop = new CommitLoop(store, machine ?? new TaskStateMachine(new TaskVerbs(Rules, TimeProvider.System), new EndingRules(Rules)), observers);
        await loop._commits.StartAsync(TestContext.Current.CancellationToken);
        return loop;
    }

    public async ValueTask DisposeAsync()
    {
        await _commits.StopAsync(CancellationToken.None);
        _commits.Dispose();
    }
}
