namespace Scitq.Coordinator.Tasks;

/// <summary>A task of the batch has ended: somebody has to look whether it was the last one. Only where somebody wants to be told.</summary>
internal sealed class BatchLookRow
{
    public long Id { get; set; }

    public string Batch { get; set; } = "";
}
