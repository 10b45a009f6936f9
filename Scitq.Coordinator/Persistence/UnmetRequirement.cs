using Scitq.Contracts;

namespace Scitq.Coordinator.Persistence;

/// <summary>What a task requires and does not have yet.</summary>
internal sealed record UnmetRequirement
{
    public Guid TaskId { get; init; }

    public Guid RequiredId { get; init; }

    /// <summary>Whether the other one's end is enough, however it ends.</summary>
    public bool AfterAny { get; init; }

    /// <summary>Whether the task is cancelled when it can't be met any more.</summary>
    public bool Cancels { get; init; }

    /// <summary>The other one's number; null when it was deleted.</summary>
    public long? Number { get; init; }

    /// <summary>The other one's state; null when it was deleted.</summary>
    public TaskState? State { get; init; }

    /// <summary>Whether it can't be met as things are.</summary>
    public bool IsDead => State is null or TaskState.Failed or TaskState.Cancelled;

    /// <summary>The other one, as people name it.</summary>
    public string What => Number is { } number ? $"task {number}" : $"task {RequiredId}";

    /// <summary>What became of it, where it is dead.</summary>
    public string Became => State switch
    {
        null => "was deleted",
        TaskState.Failed => "failed",
        _ => "was cancelled",
    };
}
