using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>A submitter wants the task.</summary>
internal sealed record Submitted(TaskSpec Spec, IReadOnlyList<Guid> Requirements, string? By = null);

/// <summary>A worker asks for an attempt; the machine fills in the answer.</summary>
internal sealed record Claimed(string Worker, int Attempt) : IAnswered
{
    /// <summary>The start of the worker's agent.</summary>
    public Guid? Epoch { get; init; }

    /// <summary>When it was asked, by the clock of <see cref="Leases.Hearing"/>.</summary>
    public double? At { get; init; }

    /// <summary>Which of <see cref="Abilities"/> the agent has.</summary>
    public IReadOnlyList<string> Knows { get; init; } = [];

    /// <summary>The lease given, or null with a reason.</summary>
    public Guid? Lease { get; set; }

    public string? Refusal { get; set; }

    public void Reset() => (Lease, Refusal) = (null, null);
}

/// <summary>A worker says where an attempt stands.</summary>
internal sealed record StageReported(string Worker, AttemptReport Report);

/// <summary>A worker says how an attempt ended.</summary>
internal sealed record AttemptEnded(string Worker, AttemptReport Report);

/// <summary>A worker gives an attempt back that it has not started.</summary>
internal sealed record AttemptReleased(string Worker, AttemptReport Report);

/// <summary>The holder of the lease is gone, or does not know the attempt.</summary>
internal sealed record LeaseLost(Guid Lease, string Why);

/// <summary>All tasks it requires have succeeded.</summary>
internal sealed record RequirementsMet;

/// <summary>The back-off is over.</summary>
internal sealed record RetryDue;

/// <summary>Its message may be missing from the queue.</summary>
internal sealed record DispatchDue;

/// <summary>Its user wants it ended.</summary>
internal sealed record CancelRequested(string? Reason, string? By = null) : IAnswered
{
    /// <summary>False when it had ended before.</summary>
    public bool Done { get; set; }

    public void Reset() => Done = false;
}

/// <summary>Its user wants another attempt.</summary>
internal sealed record RelaunchRequested(string? Reason, string? By = null) : IAnswered
{
    /// <summary>False when it has not ended yet.</summary>
    public bool Done { get; set; }

    public void Reset() => Done = false;
}

/// <summary>Its user wants the output delivered that its worker keeps since the upload failed.</summary>
internal sealed record UploadRetryRequested(string? Reason, string? By = null) : IAnswered
{
    /// <summary>False when it is not a task whose upload has failed.</summary>
    public bool Done { get; set; }

    public void Reset() => Done = false;
}

/// <summary>An event into which the machine writes an answer. It is handled again when another coordinator was first, and then only the last answer counts.</summary>
internal interface IAnswered
{
    void Reset();
}
