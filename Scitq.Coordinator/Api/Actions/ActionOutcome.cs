using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>What came of an action with one task.</summary>
/// <param name="Problem">Why it was not done; null when it was, or could be.</param>
/// <param name="Task">The task there is then; null when it was only looked at.</param>
internal sealed record ActionOutcome(string? Problem, TaskSaga? Task = null)
{
    /// <summary>What would be other than it is, where the action changes the task itself and was only looked at.</summary>
    public string? Change { get; init; }

    /// <summary>There is no such task, or no longer.</summary>
    public static readonly ActionOutcome Gone = new("there is no such task.");

    /// <summary>The reason where the state is the reason.</summary>
    public static string Is(TaskState state) => $"it is {state.ToString().ToLowerInvariant()}.";
}
