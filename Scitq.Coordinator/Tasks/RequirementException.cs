namespace Scitq.Coordinator.Tasks;

/// <summary>What tasks require can't be; nothing is queued or changed.</summary>
internal abstract class RequirementException(string problem) : Exception($"{problem}; nothing was queued.")
{
    public string Problem => problem;
}

/// <summary>A task is required that does not exist.</summary>
internal sealed class UnknownRequirementException(string id) : RequirementException($"required task {id} does not exist");

/// <summary>Tasks require each other, so none of them could ever start.</summary>
internal sealed class RequirementRingException(IReadOnlyList<object> ring) : RequirementException(ring.Count == 1
    ? $"task {ring[0]} requires itself"
    : $"tasks require each other in a ring ({Text(ring)} → {ring[0]})")
{
    private const int Shown = 5;

    private static string Text(IReadOnlyList<object> ring) =>
        ring.Count <= Shown ? string.Join(" → ", ring) : string.Join(" → ", ring.Take(Shown - 1)) + " → …";
}
