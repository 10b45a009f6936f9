namespace Scitq.Coordinator.Tasks;

/// <summary>What tasks require can't be; nothing is queued.</summary>
internal abstract class RequirementException(string problem) : Exception(problem);

/// <summary>A task is required that does not exist.</summary>
internal sealed class UnknownRequirementException(string id) : RequirementException($"required task {id} does not exist; nothing was queued.");

/// <summary>Tasks require each other, so none of them could ever start.</summary>
internal sealed class RequirementRingException(IReadOnlyList<Guid> ring) : RequirementException(ring.Count == 1
    ? $"task {ring[0]} requires itself; nothing was queued."
    : $"tasks require each other in a ring ({Text(ring)} → {ring[0]}); nothing was queued.")
{
    private const int Shown = 5;

    private static string Text(IReadOnlyList<Guid> ring) =>
        ring.Count <= Shown ? string.Join(" → ", ring) : string.Join(" → ", ring.Take(Shown - 1)) + " → …";
}
