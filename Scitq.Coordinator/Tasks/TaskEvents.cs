using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>A submitter wants the task.</summary>
internal sealed record Submitted(TaskSpec Spec, IReadOnlyList<Guid> Requirements);

/// <summary>A worker asks for an attempt; the machine fills in the answer.</summary>
internal sealed record Claimed(string Worker, int Attempt)
{
    /// <summary>The lease given, or null with a reason.</summary>
    public Guid? Lease { get; set; }

    public string? Refusal { get; set; }
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
internal sealed record CancelRequested(string? Reason)
{
    /// <summary>False when it had ended before.</summary>
    public bool Done { get; set; }
}

/// <summary>Its user wants another attempt.</summary>
internal sealed record RelaunchRequested(string? Reason)
{
    /// <summary>False when it has not ended yet.</summary>
    public bool Done { get; set; }
}
