using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Bus;

/// <summary>The queues of the batches, which hold a message for each pending task, or for as many as the transport has room for.</summary>
internal interface ITaskQueues
{
    /// <summary>The longest time that may pass between two comparisons with the table.</summary>
    TimeSpan LongestRound { get; }

    /// <summary>Notes where the task stands. False says that there is no room for its message: the reconciler is asked when there is.</summary>
    bool Admit(CommittedTask task);

    /// <summary>Returns once the bus has them all; of those it has not, some may be there all the same.</summary>
    Task SendAsync(IReadOnlyList<(string Batch, TaskQueued Task)> tasks, CancellationToken ct);

    /// <summary>The pending tasks of a batch that should have a message and have none.</summary>
    Task<IReadOnlyList<Guid>> MissingAsync(PendingTasks pending, CancellationToken ct);
}
