namespace Scitq.Coordinator.Tasks;

/// <summary>A task waits for another.</summary>
internal sealed class RequirementRow
{
    public Guid TaskId { get; set; }

    public Guid RequiredId { get; set; }

    /// <summary>Whether the other one's end is enough, however it ends; else it must succeed.</summary>
    public bool AfterAny { get; set; }

    /// <summary>Whether the task is cancelled when the other one can't be waited for any more.</summary>
    public bool Cancels { get; set; }
}
