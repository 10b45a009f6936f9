using Scitq.Contracts;

namespace Scitq.Coordinator.Tasks;

/// <summary>One ended attempt; written once, never changed.</summary>
internal sealed class AttemptRow
{
    public Guid TaskId { get; set; }

    public int Attempt { get; set; }

    public Guid? Lease { get; set; }

    public string? Worker { get; set; }

    public AttemptOutcome Outcome { get; set; }

    public FailureClass? Failure { get; set; }

    public string? Reason { get; set; }

    public int? ExitCode { get; set; }

    public DateTime? Accepted { get; set; }

    public DateTime? Started { get; set; }

    public DateTime? RunEnded { get; set; }

    public DateTime Finished { get; set; }

    public long StdoutBytes { get; set; }

    public long StderrBytes { get; set; }

    public long? PeakMemory { get; set; }

    public double? CpuSeconds { get; set; }

    public long BytesIn { get; set; }

    public long BytesOut { get; set; }

    /// <summary>JSON array of <see cref="Contracts.Messages.OutputFile"/>, or null when there is none.</summary>
    public string? Outputs { get; set; }

    /// <summary>JSON array of texts, or null when there is none.</summary>
    public string? Warnings { get; set; }

    /// <summary>The attempt whose output this one delivered without running the command; null for one that ran it.</summary>
    public int? Redelivers { get; set; }

    /// <summary>Stands for all the task was made from; the same key, the same result. Null when it may not be reused.</summary>
    public string? CacheKey { get; set; }

    /// <summary>JSON array of <see cref="Contracts.Messages.CachePart"/> behind the key, or null.</summary>
    public string? CacheParts { get; set; }

    /// <summary>The task whose outputs were taken instead of running the command.</summary>
    public long? CachedFrom { get; set; }

    /// <summary>Why no earlier result was taken, when one was looked for.</summary>
    public string? NotReused { get; set; }
}
