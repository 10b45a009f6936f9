using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Bus;

/// <summary>What the table says of a batch when it is compared with the batch's queue.</summary>
/// <param name="Db">The table.</param>
/// <param name="Batch">The batch.</param>
/// <param name="Count">How many tasks of it are pending and due.</param>
/// <param name="Candidates">Those of them whose message must have arrived by now, if it was ever sent.</param>
/// <param name="LookForLost">Whether it is worth looking for messages that were sent and have vanished.</param>
internal sealed record PendingTasks(ScitqDb Db, string Batch, long Count, IQueryable<TaskSaga> Candidates, bool LookForLost);
