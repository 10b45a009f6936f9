namespace Scitq.Coordinator.Tasks;

/// <summary>Something about a task worth remembering that its rows do not say.</summary>
internal sealed class TaskEventRow
{
    public long Id { get; set; }

    public Guid TaskId { get; set; }

    public int Attempt { get; set; }

    public DateTime At { get; set; }

    public HistoryKind Kind { get; set; }

    public string? Worker { get; set; }

    public string? Detail { get; set; }

    /// <summary>The account that asked for it, if one did.</summary>
    public string? ByWhom { get; set; }
}
