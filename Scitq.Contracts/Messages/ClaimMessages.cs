namespace Scitq.Contracts.Messages;

/// <summary>A worker asks for the right to run attempts. To <see cref="Queues.Claims"/>; answered by <see cref="ClaimsAnswered"/>.</summary>
public sealed record ClaimTasks
{
    /// <summary>The worker's name.</summary>
    public required string Worker { get; init; }

    /// <summary>The worker's epoch: a GUID made at each start of the agent.</summary>
    public required Guid Epoch { get; init; }

    /// <summary>Returned with the answer.</summary>
    public required long Request { get; init; }

    /// <summary>Those of the <see cref="Abilities"/> that the agent has.</summary>
    public IReadOnlyList<string> Knows { get; init; } = [];

    /// <summary>
    /// The batch whose queue brought the items. An agent that names it takes whatever task of that batch it is granted for an item; one that does not is
    /// granted the task of the item or none.
    /// </summary>
    public string? Batch { get; init; }

    /// <summary>The attempts asked for.</summary>
    public required IReadOnlyList<TaskQueued> Items { get; init; }
}

/// <summary>The coordinator's answer to <see cref="ClaimTasks"/>, in the order asked. To <see cref="Queues.Worker"/>.</summary>
public sealed record ClaimsAnswered
{
    /// <summary>From the request.</summary>
    public required long Request { get; init; }

    /// <summary>One for each item of the request, in its order.</summary>
    public required IReadOnlyList<ClaimAnswer> Items { get; init; }
}

/// <summary>Granted when <see cref="Lease"/> is there; else refused: drop the message, the coordinator queues the task again when it may run.</summary>
public sealed record ClaimAnswer
{
    /// <summary>The task: that of the item, or the one whose turn it is in a batch with priorities.</summary>
    public required Guid TaskId { get; init; }

    /// <summary>The attempt.</summary>
    public required int Attempt { get; init; }

    /// <summary>Whether it was granted for another message than its own, which is still to come and may bring another task.</summary>
    public bool ByAnother { get; init; }

    /// <summary>The right to this attempt; every report names it.</summary>
    public Guid? Lease { get; init; }

    /// <summary>The task's small number.</summary>
    public long? Number { get; init; }

    /// <summary>The specification as it is now, with edits that were made while the task was queued.</summary>
    public TaskSpec? Spec { get; init; }

    /// <summary>Why it was refused.</summary>
    public string? Reason { get; init; }
}
