using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Api;

/// <summary>What a worker does now.</summary>
internal enum WorkerStatus
{
    /// <summary>Takes tasks.</summary>
    Running,

    /// <summary>Has left, or has been silent for longer than its heartbeats allow.</summary>
    Offline,

    /// <summary>Its user lets it take nothing new.</summary>
    Paused,

    /// <summary>Takes nothing new for a reason of its own: see its hold.</summary>
    Full,

    /// <summary>Ends what it has, and then itself.</summary>
    Draining,
}

/// <summary>A worker as clients see it.</summary>
internal sealed record WorkerView(
    long WorkerId, string Name, WorkerStatus Status, string Batch, int Concurrency, int Prefetch, int Running, int Leases,
    string Hostname, int Cpus, long Memory, long MemoryAvailable, double Load, long DiskFree, string? Hold, string? Docker,
    string Version, DateTime Registered, DateTime LastSeen)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    public static WorkerView Of(WorkerRow row, DateTime now) => new(
        row.Id, row.Name, StatusOf(row, now), row.Batch, row.Concurrency, row.Prefetch, row.Running, row.Leases,
        row.Hostname, row.Cpus, row.Memory, row.MemoryAvailable, row.Load, row.DiskFree, row.Hold, row.Docker,
        row.Version, row.Registered, row.LastSeen);

    public static WorkerStatus StatusOf(WorkerRow row, DateTime now) =>
        row.Epoch is null || now - row.LastSeen > Silence ? WorkerStatus.Offline
        : row.Hold == "draining" ? WorkerStatus.Draining
        : row.Paused ? WorkerStatus.Paused
        : row.Hold is not null ? WorkerStatus.Full
        : WorkerStatus.Running;
}
