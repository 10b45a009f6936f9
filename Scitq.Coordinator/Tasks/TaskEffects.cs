using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>
/// What the events of one group make of one task besides its changed row: rows saved in the same transaction, messages sent after it, and what each
/// event is answered. Made anew for each group, and whenever a group is handled again.
/// </summary>
internal sealed class TaskEffects
{
    /// <summary>Whether the row is to be saved.</summary>
    public bool Changed { get; set; }

    public List<AttemptRow> Attempts { get; } = [];

    public List<TaskEventRow> History { get; } = [];

    public List<RequirementRow> Requirements { get; } = [];

    /// <summary>Whether these replace what the task required before.</summary>
    public bool ReplacesRequirements { get; set; }

    /// <summary>Whether its specification, its batch or its name is another, which they seldom are.</summary>
    public bool SpecChanged { get; set; }

    /// <summary>Whether a worker of the batch is to be told that the task waits.</summary>
    public bool Dispatch { get; set; }

    /// <summary>Whether it may have been told before.</summary>
    public bool DispatchedBefore { get; set; }

    /// <summary>The priority of a new task that is given none.</summary>
    public int BatchPriority { get; set; }

    /// <summary>Whether the task's priority has changed.</summary>
    public bool Reordered { get; set; }

    /// <summary>The task whose message has brought this one to its worker.</summary>
    public Guid? InPlaceOf { get; set; }

    /// <summary>The attempt its worker must stop, and the worker.</summary>
    public (string Worker, StopAttempt Message)? Stop { get; set; }

    /// <summary>The attempt whose worker must let it stand still or go on, and the worker.</summary>
    public (string Worker, PauseAttempt Message)? Pause { get; set; }

    /// <summary>Ends of earlier attempts that are recorded already; known only where a report of one has come.</summary>
    public List<RecordedEnd> KnownEnds { get; } = [];

    /// <summary>What the event in hand means for the attempt. Decided once, before any line of the table has acted, and so the same for all of them.</summary>
    public Ending? Ending { get; set; }

    /// <summary>The same of a claim.</summary>
    public ClaimVerdict? Claim { get; set; }

    /// <summary>The same of an update.</summary>
    public UpdateRules? Update { get; set; }

    /// <summary>Whether, for a relaunch, the task was changed since it ended.</summary>
    public bool? HasUpdate { get; set; }

    /// <summary>What the event in hand is answered.</summary>
    public TaskAnswer Answer { get; set; }

    /// <summary>Another event of the group is at hand.</summary>
    public void Begin() => (Ending, Claim, Update, HasUpdate, Answer) = (null, null, null, null, default);
}
