using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Webhooks;

/// <summary>What the ends of tasks make for the outbox, in the transaction that records them.</summary>
internal sealed class TaskNotices(Outbox outbox, TimeProvider clock) : ICommitAddition
{
    public void Add(IReadOnlyCollection<TaskInHand> tasks, TaskChanges changes)
    {
        foreach (var hand in tasks)
        {
            if (!hand.IsJustEnded) continue;
            var task = hand.Task!;
            if (task.State == TaskState.Failed) changes.Notices.AddRange(outbox.Rows(WebhookEvents.TaskFailed, Failed(task), clock.GetUtcNow().UtcDateTime));
            // A row of its own for each group of ends: one that another transaction is just taking away would not be missed.
            if (outbox.Wants(WebhookEvents.BatchEnded) && changes.BatchLooks.TrueForAll(l => l.Batch != task.Batch))
                changes.BatchLooks.Add(new BatchLookRow { Batch = task.Batch });
        }
    }

    private static object Failed(TaskSaga task) => new
    {
        TaskId = task.Number, Id = task.CorrelationId, task.Name, task.Batch, task.Worker, task.Attempt, task.ExitCode, FailureClass = task.Failure,
        Reason = Masked.TextOrNull(task.Reason),
    };
}
