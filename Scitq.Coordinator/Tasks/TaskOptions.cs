using System.ComponentModel.DataAnnotations;

namespace Scitq.Coordinator.Tasks;

/// <summary>Configuration section <c>Tasks</c>.</summary>
internal sealed class TaskOptions
{
    /// <summary>How often a task may lose its worker before it is taken for the cause.</summary>
    [Range(0, 1000)] public int MaxLosses { get; init; } = 5;

    /// <summary>Seconds before the first retry; doubled for each further one.</summary>
    [Range(0, 3600)] public double RetryBackoffSeconds { get; init; } = 1;

    /// <summary>The longest back-off in seconds.</summary>
    [Range(0, 86400)] public double RetryBackoffMaxSeconds { get; init; } = 60;

    /// <summary>Seconds of silence after which a worker is lost and its tasks are queued again.</summary>
    [Range(1, 86400)] public double LostAfterSeconds { get; init; } = 45;

    /// <summary>
    /// Seconds by which an agent's lease must be below <see cref="LostAfterSeconds"/>: what its clock and its last step may take longer than they should.
    /// Tests that have no time to wait set less; nobody else may.
    /// </summary>
    [Range(0.1, 10)] public double LeaseMarginSeconds { get; init; } = 10;

    /// <summary>Seconds after the coordinator, the database or the broker came back in which no worker is declared lost.</summary>
    [Range(0, 86400)] public double GraceSeconds { get; init; } = 60;

    /// <summary>
    /// Seconds after which a lease its worker does not name in its heartbeats is lost. More than a lease is valid (30):
    /// a heartbeat older than the grant may arrive so late.
    /// </summary>
    [Range(1, 3600)] public double UnknownLeaseSeconds { get; init; } = 35;

    /// <summary>
    /// After so many different tasks in a row that failed on a worker with class start, image, download or disk it is put aside; 0 for never.
    /// </summary>
    [Range(0, 10_000)] public int PutAsideAfter { get; init; } = 10;

    /// <summary>Seconds between two comparisons of queues and tables.</summary>
    [Range(1, 3600)] public double ReconcileSeconds { get; init; } = 60;
}
