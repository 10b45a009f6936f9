namespace Scitq.Coordinator.Batches;

/// <summary>A batch that a task or a worker has named.</summary>
internal sealed class BatchRow
{
    public string Name { get; set; } = "";

    public DateTime Created { get; set; }
}
