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
}
