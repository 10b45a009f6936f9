namespace Scitq.Coordinator.Webhooks;

/// <summary>What a receiver can be told of.</summary>
internal static class WebhookEvents
{
    /// <summary>The last unfinished task of a batch has ended.</summary>
    public const string BatchEnded = "batch.ended";

    /// <summary>A batch was stopped, by a user or because too many of its tasks failed.</summary>
    public const string BatchStopped = "batch.stopped";

    /// <summary>A task has failed, and no retry follows.</summary>
    public const string TaskFailed = "task.failed";

    /// <summary>A worker was declared lost.</summary>
    public const string WorkerLost = "worker.lost";

    /// <summary>A worker, or the coordinator itself, takes nothing new because its disk is full.</summary>
    public const string DiskLow = "disk.low";

    public static readonly IReadOnlyList<string> All = [BatchEnded, BatchStopped, TaskFailed, WorkerLost, DiskLow];
}
