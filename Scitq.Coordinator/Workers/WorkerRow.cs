using System.Text.Json;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Usage;

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

    /// <summary>Why it was put aside, which is a pause; null when it was not, or was resumed.</summary>
    public string? Aside { get; set; }

    /// <summary>What failed there until this moment, by its own clock, does not count for putting it aside.</summary>
    public DateTime? FailsFrom { get; set; }

    /// <summary>Whether it is to end what it has and to leave; over when it has left.</summary>
    public bool Draining { get; set; }

    /// <summary>Whether it is not to wait for what runs.</summary>
    public bool Evicting { get; set; }

    /// <summary>Whether it is forgotten once it has left, or is lost.</summary>
    public bool Deleting { get; set; }

    /// <summary>Counts the changes of what the worker should do; an older one that arrives after a newer one says nothing.</summary>
    public long Revision { get; set; }

    /// <summary>The batch its agent was started with; null for one that has not registered since this is kept.</summary>
    public string? StartedBatch { get; set; }

    public int? StartedConcurrency { get; set; }

    public int? StartedPrefetch { get; set; }

    public int Running { get; set; }

    public int Leases { get; set; }

    public string? Hold { get; set; }

    public string Hostname { get; set; } = "";

    public int Cpus { get; set; }

    public long Memory { get; set; }

    public string Version { get; set; } = "";

    public string? Docker { get; set; }

    /// <summary>JSON array of texts, or null when there is none.</summary>
    public string? Gpus { get; set; }

    /// <summary>JSON array of the <see cref="Contracts.Abilities"/> that its agent named; null of one older than that.</summary>
    public string? Abilities { get; set; }

    /// <summary>JSON array of <see cref="CachedResource"/>, or null when nothing is known.</summary>
    public string? Resources { get; set; }

    public double Load { get; set; }

    public long MemoryAvailable { get; set; }

    public long DiskFree { get; set; }

    /// <summary>JSON of <see cref="WorkerStats"/>; null when this start of the agent has told none.</summary>
    public string? Stats { get; set; }

    public DateTime Registered { get; set; }

    public DateTime LastSeen { get; set; }

    /// <summary>When it was last heard, by the clock of <see cref="Hearing"/>; <see cref="LastSeen"/> is for people.</summary>
    public double Heard { get; set; }

    /// <summary>Since when, by that clock, it has been heard and has heard us without a break.</summary>
    public double Hears { get; set; }

    /// <summary>When this start of the agent was registered, by that clock.</summary>
    public double Entered { get; set; }

    /// <summary>How busy its machine is; null when its agent does not tell.</summary>
    public UsageSample? Usage => ReadStats() is { } stats ? UsageSample.Of(stats, Load, Memory, MemoryAvailable, DiskFree) : null;

    /// <summary>Settings that hold now.</summary>
    public WorkerSettings Settings => new(Batch, Concurrency, Prefetch, Paused, Revision, Draining, Evicting);

    /// <summary>Whether its agent knows how to do it.</summary>
    public bool Knows(string ability) =>
        Abilities is { } known && JsonSerializer.Deserialize<IReadOnlyList<string>>(known, ScitqJson.Rest)!.Contains(ability);

    /// <summary>Another start of the agent takes the name.</summary>
    public void Enter(RegisterWorker message, Hearing hearing, DateTime now)
    {
        // One that was to be forgotten, and went, comes as a new one.
        if (Epoch is null && Deleting) (Draining, Evicting, Deleting) = (false, false, false);
        (Epoch, Sequence) = (message.Epoch, 0);
        Entered = Hears = Heard = hearing.Seconds;
        TakeSettings(message);
        Hostname = message.Host.Hostname;
        Cpus = message.Host.Cpus;
        Memory = message.Host.Memory;
        Version = message.Host.Version;
        Docker = message.Host.Docker;
        Gpus = message.Host.Gpus is { Count: > 0 } gpus ? JsonSerializer.Serialize(gpus, ScitqJson.Rest) : null;
        Abilities = message.Knows is { Count: > 0 } known ? JsonSerializer.Serialize(known, ScitqJson.Rest) : null;
        Leases = message.Leases.Count;
        (Hold, Stats) = (null, null);
        Registered = LastSeen = now;
    }

    /// <summary>What its last heartbeats told of its machine.</summary>
    public WorkerStats? ReadStats() => Stats is null ? null : JsonSerializer.Deserialize<WorkerStats>(Stats, ScitqJson.Rest);

    /// <summary>A setting that a user has changed outlives the agent, until the agent is started with another value than the time before.</summary>
    private void TakeSettings(RegisterWorker message)
    {
        var before = Settings;
        if (StartedBatch != message.Batch) Batch = StartedBatch = message.Batch;
        if (StartedConcurrency != message.Concurrency) StartedConcurrency = Concurrency = message.Concurrency;
        if (StartedPrefetch != message.Prefetch) StartedPrefetch = Prefetch = message.Prefetch;
        if (Settings != before) Revision++;
    }
}
