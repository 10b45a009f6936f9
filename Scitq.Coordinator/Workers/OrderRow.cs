using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Workers;

/// <summary>Something a user wants a worker to do; kept until the worker has said that it did, and then for who asks.</summary>
internal sealed class OrderRow
{
    public long Id { get; set; }

    public long WorkerId { get; set; }

    public WorkerOrderKind Kind { get; set; }

    /// <summary>The attempt that it concerns, if it does one.</summary>
    public Guid? TaskId { get; set; }

    public int? Attempt { get; set; }

    public Guid? Lease { get; set; }

    /// <summary>The number of a signal.</summary>
    public int? Signal { get; set; }

    public DateTime Created { get; set; }

    /// <summary>When its outcome arrived; null while it waits.</summary>
    public DateTime? Done { get; set; }

    /// <summary>What the worker says of it, in one line.</summary>
    public string? Outcome { get; set; }

    /// <summary>Why it was given, in its user's words.</summary>
    public string? Reason { get; set; }

    /// <summary>Who gave it.</summary>
    public string? ByWhom { get; set; }

    /// <summary>As the worker is told.</summary>
    public WorkerOrder Order => new(Id, Kind, TaskId is { } task ? new AttemptKey(task, Attempt!.Value, Lease!.Value) : null, Signal);
}
