using Scitq.Contracts;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>What is said with a move.</summary>
internal sealed record MoveArguments : ActionArguments
{
    /// <summary>The batch that the tasks go to.</summary>
    public string? Batch { get; init; }

    /// <summary>Whether a task that runs is to be stopped and begun anew for it, and one that has ended to be relaunched.</summary>
    public bool Restart { get; init; }

    public override void Check()
    {
        base.Check();
        if (Batch is null) throw new InvalidRequestException("the member 'batch' is missing.");
        if (BatchName.Problem(Batch) is { } problem) throw new InvalidRequestException(problem);
    }
}
