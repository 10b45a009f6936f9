using System.Text.Json;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Api;

/// <summary>How a worker is doing now.</summary>
internal enum WorkerStatus
{
    /// <summary>Takes tasks.</summary>
    Running,

    /// <summary>Has left, or has been silent for longer than its heartbeats allow.</summary>
    Offline,

    /// <summary>Takes nothing new, because its user paused it.</summary>
    Paused,

    /// <summary>Takes nothing new, because its batch is stopped.</summary>
    Stopped,

    /// <summary>Takes nothing new for a reason of its own: see its hold.</summary>
    Full,

    /// <summary>Ends its attempts, and then itself.</summary>
    Draining,

    /// <summary>Has ended its attempts, and can't end itself.</summary>
    Drained,
}

/// <summary>A worker as clients see it.</summary>
internal record WorkerView
{
    public WorkerView(WorkerRow row, BatchRow? batch, DateTime now)
    {
        var kept = ReadResources(row);
        (WorkerId, Name, Status, Batch) = (row.Id, row.Name, StatusOf(row, batch?.Stopped is not null, now), row.Batch);
        (Concurrency, Prefetch, Running, Leases) = (row.Concurrency, row.Prefetch, row.Running, row.Leases);
        Draining = row.Draining;
        (Hostname, Cpus, Memory, MemoryAvailable) = (row.Hostname, row.Cpus, row.Memory, row.MemoryAvailable);
        Why = Status == WorkerStatus.Stopped ? batch?.Standstill : Status == WorkerStatus.Full ? row.Hold : row.Aside;
        (Load, DiskFree, Hold, Docker) = (row.Load, row.DiskFree, row.Hold, row.Docker);
        Usage = Status == WorkerStatus.Offline ? null : UsageView.Of(row);
        (Resources, Cached) = (kept.Count, kept.Sum(r => r.Bytes));
        Gpus = row.Gpus is null ? [] : JsonSerializer.Deserialize<IReadOnlyList<string>>(row.Gpus, ScitqJson.Rest)!;
        (Version, Registered, LastSeen) = (row.Version, row.Registered, row.LastSeen);
    }

    public long WorkerId { get; }

    public string Name { get; }

    public WorkerStatus Status { get; }

    /// <summary>Why it takes nothing new, for people.</summary>
    public string? Why { get; }

    public string Batch { get; }

    public int Concurrency { get; }

    public int Prefetch { get; }

    public int Running { get; }

    public int Leases { get; }

    /// <summary>Whether its user wants it to drain; also while it does not know yet.</summary>
    public bool Draining { get; }

    public string Hostname { get; }

    public int Cpus { get; }

    public long Memory { get; }

    public long MemoryAvailable { get; }

    public double Load { get; }

    public long DiskFree { get; }

    /// <summary>How busy its machine is; null while it is offline, and when its agent does not tell.</summary>
    public UsageView? Usage { get; init; }

    public string? Hold { get; }

    public string? Docker { get; }

    /// <summary>How many resources it keeps.</summary>
    public int Resources { get; }

    /// <summary>The bytes they take.</summary>
    public long Cached { get; }

    public IReadOnlyList<string> Gpus { get; }

    public string Version { get; }

    public DateTime Registered { get; }

    public DateTime LastSeen { get; }

    public static bool IsOffline(WorkerRow row, DateTime now) => row.Epoch is null || LeaseRules.LooksSilent(row.LastSeen, now);

    /// <param name="row">The worker.</param>
    /// <param name="stopped">Whether its batch is.</param>
    /// <param name="now">The time.</param>
    public static WorkerStatus StatusOf(WorkerRow row, bool stopped, DateTime now) =>
        IsOffline(row, now) ? WorkerStatus.Offline
        : row is { Draining: true, Hold: WorkerHeartbeat.Draining, Leases: 0 } && !row.Knows(Abilities.Leave) ? WorkerStatus.Drained
        : row.Draining || row.Hold == WorkerHeartbeat.Draining ? WorkerStatus.Draining
        : row.Paused ? WorkerStatus.Paused
        : stopped ? WorkerStatus.Stopped
        : row.Hold is not null ? WorkerStatus.Full
        : WorkerStatus.Running;

    protected static IReadOnlyList<CachedResource> ReadResources(WorkerRow row) =>
        row.Resources is null ? [] : JsonSerializer.Deserialize<IReadOnlyList<CachedResource>>(row.Resources, ScitqJson.Rest)!;
}

/// <summary>One worker with the resources it keeps, the most recently used first.</summary>
internal sealed record WorkerDetails : WorkerView
{
    public WorkerDetails(WorkerRow row, BatchRow? batch, DateTime now)
        : base(row, batch, now) => Cache = [.. ReadResources(row).OrderByDescending(r => r.LastUsed)];

    public IReadOnlyList<CachedResource> Cache { get; }
}

/// <summary>An order as clients see it.</summary>
/// <param name="OrderId">Names it.</param>
/// <param name="Worker">The worker that is to carry it out.</param>
/// <param name="Kind">The kind of work that is ordered.</param>
/// <param name="Created">When it was given.</param>
/// <param name="Done">When the worker had carried it out; null while it waits.</param>
/// <param name="Outcome">The worker's own words on how it went.</param>
/// <param name="By">The caller who gave it.</param>
/// <param name="Reason">Why, in that caller's words.</param>
internal sealed record OrderView(
    long OrderId, string Worker, WorkerOrderKind Kind, DateTime Created, DateTime? Done, string? Outcome, string? By = null, string? Reason = null)
{
    public static OrderView Of(OrderRow row, string worker) =>
        new(row.Id, worker, row.Kind, row.Created, row.Done, row.Outcome, row.ByWhom, row.Reason);
}
