using MassTransit;

namespace Scitq.Coordinator.Tasks;

/// <summary>What the verbs find beside the row and the message, whichever door the event came by.</summary>
internal static class TaskContexts
{
    private static readonly Origin Unknown = new(null);

    /// <summary>What the event adds besides the changed row.</summary>
    public static TaskEffects Effects(this PipeContext context) =>
        context.TryGetPayload<TaskEffects>(out var effects) ? effects
            : throw new InvalidOperationException("An event of a task was raised outside of a group.");

    /// <summary>Where a user's message came from.</summary>
    public static Origin Origin(this PipeContext context) => context.TryGetPayload<Origin>(out var origin) ? origin : Unknown;
}
