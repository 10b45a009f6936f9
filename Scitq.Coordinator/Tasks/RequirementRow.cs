namespace Scitq.Coordinator.Tasks;

/// <summary>A task waits for another's success.</summary>
internal sealed class RequirementRow
{
    public Guid TaskId { get; set; }

    public Guid RequiredId { get; set; }
}
