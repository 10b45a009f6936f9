using System.Text.Json;
using Scitq.Contracts;

namespace Scitq.Coordinator.Tasks;

/// <summary>A specification after a change.</summary>
/// <param name="Spec">All of it.</param>
/// <param name="Changes">What is other than before, for people: <c>image: "a" → "b"; retry: 0 → 2</c>.</param>
/// <param name="Problem">Why it can't be so; null when it can.</param>
internal sealed record SpecEdit(TaskSpec Spec, string Changes, string? Problem)
{
    /// <summary>Held to the same rules as a submission.</summary>
    public static SpecEdit Of(TaskSpec spec, string changes)
    {
        var problem = changes.Length == 0 ? "nothing would change." : TaskSpecRules.Problem(spec);
        if (problem is null && JsonSerializer.SerializeToUtf8Bytes(spec, ScitqJson.Bus).Length > TaskSpecRules.MaxBytes)
            problem = $"its spec would take more than {TaskSpecRules.MaxBytes} bytes.";
        return new SpecEdit(spec, changes, problem);
    }
}
