using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Workers;

/// <summary>One worker, known by its name; the row outlives its agents.</summary>
internal sealed class WorkerRow
{
    public long Id { get; set; }

    public string Name { get; set; } = "";

    /// <summary>The start of the agent that holds the name now; null once it has left.</summary>
    public Guid? Epoch { get; set; }

    /// <summary>The newest heartbeat heard of this epoch.</summary>
    public long Sequence { get; set; }

    public string Batch { get; set; } = "";

    public int Concurrency { get; set; }

    public int Prefetch { get; set; }

    public bool Paused { get; set; }

    public int Running { get; set; }

    public int Leases { get; set; }

    public string? Hold { get; set; }

    public string Hostname { get; set; } = "";

    public int Cpus { get; set; }

    public long Memory { get; set; }

    public string Version { get; set; } = "";

    public string? Docker { get; set; }

    public double Load { get; set; }

    public long MemoryAvailable { get; set; }

    public long DiskFree { get; set; }

    public DateTime Registered { get; set; }

    public DateTime LastSeen { get; set; }

    public WorkerSettings Settings => new(Batch, Concurrency, Prefetch, Paused);
}
