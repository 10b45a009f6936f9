using Scitq.Contracts;

namespace Scitq.Coordinator.Batches;

/// <summary>One ended attempt, as other programs take it; times in seconds, sizes in bytes.</summary>
internal sealed record ExportedAttempt
{
    public required long TaskId { get; init; }

    public required int Attempt { get; init; }

    public string? Name { get; init; }

    public required string Status { get; init; }

    public int? ExitCode { get; init; }

    public FailureClass? FailureClass { get; init; }

    public string? Worker { get; init; }

    public required DateTime Submit { get; init; }

    public DateTime? Accepted { get; init; }

    public DateTime? Start { get; init; }

    public required DateTime Complete { get; init; }

    public double? Queue { get; init; }

    public double? Fetch { get; init; }

    public double? Run { get; init; }

    public double? Upload { get; init; }

    public double? CpuPercent { get; init; }

    public double? CpuSeconds { get; init; }

    public long? PeakMemory { get; init; }

    public required long BytesIn { get; init; }

    public required long BytesOut { get; init; }

    /// <summary>The kind of machine; null as long as nobody tells it.</summary>
    public string? Flavor { get; init; }

    /// <summary>Its price; null as long as nobody tells it.</summary>
    public double? Cost { get; init; }

    public string? Reason { get; init; }
}
