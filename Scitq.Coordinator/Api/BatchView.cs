using Scitq.Contracts;
using Scitq.Coordinator.Batches;

namespace Scitq.Coordinator.Api;

/// <summary>Whether a batch goes on.</summary>
internal enum BatchStatus
{
    /// <summary>Its workers take its tasks.</summary>
    Running,

    /// <summary>Nothing of it starts.</summary>
    Stopped,
}

/// <summary>A batch: the number of its tasks in each state, and the workers that serve it.</summary>
internal sealed record BatchView
{
    public BatchView(string name, BatchRow? row, BatchSnapshot counts, IReadOnlyList<string> workers)
    {
        (Batch, Workers) = (name, workers);
        Waiting = counts.Count(name, TaskState.Waiting);
        Pending = counts.Count(name, TaskState.Pending);
        Accepted = counts.Count(name, TaskState.Accepted);
        Running = counts.Count(name, TaskState.Running);
        Suspended = counts.Count(name, TaskState.Suspended);
        Uploading = counts.Count(name, TaskState.Uploading);
        Succeeded = counts.Count(name, TaskState.Succeeded);
        Failed = counts.Count(name, TaskState.Failed);
        Cancelled = counts.Count(name, TaskState.Cancelled);
        Paused = counts.Count(name, TaskState.Paused);
        Total = TaskRules.States.Sum(state => counts.Count(name, state));
        if (row is null) return;
        (MaxFails, Priority) = (row.MaxFails, row.Priority);
        (KeepTasks, KeepLogs) = (row.KeepTasks, row.KeepLogs);
        (Description, Stopped, StoppedBy, StoppedReason) = (row.Description, row.Stopped, row.StoppedBy, row.StoppedReason);
    }

    public string Batch { get; }

    public BatchStatus Status => Stopped is null ? BatchStatus.Running : BatchStatus.Stopped;

    public long Waiting { get; }

    public long Pending { get; }

    public long Accepted { get; }

    public long Running { get; }

    public long Suspended { get; }

    public long Uploading { get; }

    public long Succeeded { get; }

    public long Failed { get; }

    public long Cancelled { get; }

    public long Paused { get; }

    public long Total { get; }

    public IReadOnlyList<string> Workers { get; }

    public string? Description { get; }

    /// <summary>That of its tasks which were given none of their own.</summary>
    public int Priority { get; }

    /// <summary>After so many failures in a row it is stopped; null for never.</summary>
    public int? MaxFails { get; }

    /// <summary>For how many days its ended tasks are kept; null for as long as those of any batch.</summary>
    public double? KeepTasks { get; }

    /// <summary>For how many days what its tasks printed is kept after their end; null as above.</summary>
    public double? KeepLogs { get; }

    /// <summary>Since when nothing of it starts; null while it goes on.</summary>
    public DateTime? Stopped { get; }

    public string? StoppedBy { get; }

    public string? StoppedReason { get; }
}
