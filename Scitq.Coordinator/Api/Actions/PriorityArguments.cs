using Scitq.Contracts;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>The priority that tasks are given.</summary>
internal sealed record PriorityArguments : ActionArguments
{
    /// <summary>-10 to 10, higher first.</summary>
    public int? Priority { get; init; }

    public override void Check()
    {
        base.Check();
        if (Priority is null) throw new InvalidRequestException("the member 'priority' is missing.");
        if (TaskPriority.Problem(Priority) is { } problem) throw new InvalidRequestException(problem);
    }
}
