namespace Scitq.Coordinator.Batches;

/// <summary>A batch that a task or a worker has named.</summary>
internal sealed class BatchRow
{
    public string Name { get; set; } = "";

    public DateTime Created { get; set; }

    /// <summary>The priority of tasks that were given none of their own.</summary>
    public int Priority { get; set; }

    /// <summary>Whether it has ever had a task of another priority than 0: only then must a claim look for the task whose turn it is.</summary>
    public bool Ordered { get; set; }

    /// <summary>What it is for, in its users' words.</summary>
    public string? Description { get; set; }

    /// <summary>Since when nothing of it starts; null while it goes on.</summary>
    public DateTime? Stopped { get; set; }

    public string? StoppedBy { get; set; }

    public string? StoppedReason { get; set; }

    /// <summary>After so many tasks that failed in a row it is stopped; null for never.</summary>
    public int? MaxFails { get; set; }

    /// <summary>Failures before this moment do not count for that.</summary>
    public DateTime? FailsFrom { get; set; }

    /// <summary>For how many days its ended tasks are kept; null for as long as those of any batch.</summary>
    public double? KeepTasks { get; set; }

    /// <summary>For how many days what its tasks printed is kept after their end; null as above.</summary>
    public double? KeepLogs { get; set; }

    /// <summary>Why nothing of it starts, for people; null while it goes on.</summary>
    public string? Standstill =>
        Stopped is null ? null : $"the batch is stopped{(StoppedBy is null ? "" : $" by {StoppedBy}")}{(StoppedReason is null ? "" : $": {StoppedReason}")}";
}
