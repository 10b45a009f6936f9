using System.Collections.Frozen;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

// What users ask for are messages of Scitq.Contracts: SubmitTask, CancelTask, StopTask, RelaunchTask, RetryUpload, PauseTask, ResumeTask. The events below are the coordinator's own.

/// <summary>A worker asks for an attempt.</summary>
/// <param name="Worker">The worker's name.</param>
/// <param name="Attempt">The attempt it was told of.</param>
/// <param name="Epoch">The start of the worker's agent.</param>
/// <param name="At">When it asked, by the clock of <see cref="Leases.Hearing"/>.</param>
internal sealed record Claimed(string Worker, int Attempt, Guid? Epoch = null, double? At = null)
{
    /// <summary>Which of <see cref="Abilities"/> the agent has.</summary>
    public IReadOnlyList<string> Knows { get; init; } = [];

    /// <summary>The batch whose queue brought the message, if the worker takes any task of it.</summary>
    public string? Batch { get; init; }

    /// <summary>Tells the message from an earlier one about the same attempt.</summary>
    public Guid? Token { get; init; }

    /// <summary>Set where the message was another task's, or repeated: that task, and the message.</summary>
    public (Guid Task, Guid Message)? InPlaceOf { get; init; }

    /// <summary>The batches of which nothing may start now.</summary>
    public IReadOnlySet<string> Stopped { get; init; } = FrozenSet<string>.Empty;
}

/// <summary>A worker says where an attempt stands.</summary>
internal sealed record StageReported(string Worker, AttemptReport Report);

/// <summary>A worker says how an attempt ended.</summary>
internal sealed record AttemptEnded(string Worker, AttemptReport Report);

/// <summary>A worker gives an attempt back that it has not started.</summary>
internal sealed record AttemptReleased(string Worker, AttemptReport Report);

/// <summary>A worker's heartbeat says whether the command of an attempt stands still, and that is news.</summary>
internal sealed record StandstillTold(AttemptKey Key, bool Suspended);

/// <summary>The holder of the lease is gone, or does not know the attempt.</summary>
internal sealed record LeaseLost(Guid Lease, string Why);

/// <summary>A user wants the task changed.</summary>
/// <param name="Patch">What is to be other than it is.</param>
/// <param name="Required">The tasks that it is to require, as the patch names them, where it does.</param>
/// <param name="Restart">Whether it may be stopped for that, or relaunched.</param>
/// <param name="Reason">Kept in the task's history.</param>
internal sealed record UpdateRequested(SpecPatch Patch, IReadOnlyDictionary<string, Guid> Required, bool Restart, string? Reason);

/// <summary>A user gives it a priority.</summary>
/// <param name="Priority">The priority.</param>
/// <param name="InsteadOf">Set when it is the batch's that changes: the batch's until now, which is left alone where the task has one of its own.</param>
/// <param name="Reason">Kept in the task's history.</param>
internal sealed record PriorityGiven(int Priority, int? InsteadOf = null, string? Reason = null);

/// <summary>All that it requires is there.</summary>
internal sealed record RequirementsMet;

/// <summary>A task that it requires failed, was cancelled or deleted, and its user wants it cancelled then.</summary>
internal sealed record RequirementFailed(string Why);

/// <summary>The back-off is over.</summary>
internal sealed record RetryDue;

/// <summary>Its message may be missing from the queue.</summary>
internal sealed record DispatchDue;
