using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Bus;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Workers;

/// <summary>Who works: registration, heartbeats, and what they say about leases.</summary>
internal sealed partial class WorkerService(
    IDbContextFactory<ScitqDb> contexts, TaskInbox inbox, ITopology topology, Reconciler reconciler, LeaseRules rules, HearingClock hearing,
    TimeProvider clock, ILogger<WorkerService> logger)
{
    /// <summary>So many leases are told with one answer; the others follow with the next ones.</summary>
    private const int MostTold = 20;

    /// <summary>For so long a worker's epoch is believed without asking the database: a claim granted to one just lost is found by the next sweep.</summary>
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(5);

    /// <summary>The redeliveries each worker is being told of, and since when.</summary>
    private readonly ConcurrentDictionary<string, Dictionary<AttemptKey, double>> _told = new();
    private readonly ConcurrentDictionary<string, Known> _known = new();
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>Whether this start of the agent holds the worker's name; may be a few seconds old.</summary>
    public async Task<bool> IsCurrentAsync(string worker, Guid epoch, CancellationToken ct)
    {
        if (_known.TryGetValue(worker, out var known) && known.Epoch == epoch && clock.GetElapsedTime(known.At) < Believed) return true;
        await using var db = await contexts.CreateDbContextAsync(ct);
        var current = await db.Workers.Where(w => w.Name == worker).Select(w => w.Epoch).SingleOrDefaultAsync(ct);
        if (current != epoch) return false;
        Know(worker, epoch);
        return true;
    }

    /// <summary>
    /// Gives the name to a start of the agent, or says why not. An agent repeats itself until it is answered, so after an
    /// outage many of its registrations arrive at once: one after the other for each worker.
    /// </summary>
    public async Task<WorkerRegistered> RegisterAsync(RegisterWorker message, CancellationToken ct)
    {
        if ((BatchName.Problem(message.Batch) ?? BatchName.Problem(message.Worker) ?? rules.Refusal(message.LeaseSeconds)) is { } problem)
            return new WorkerRegistered { Epoch = message.Epoch, Refusal = problem };

        var gate = Gate(message.Worker);
        await gate.WaitAsync(ct);
        try
        {
            for (var tries = 0; ; tries++)
            {
                try
                {
                    return await EnterAsync(message, ct);
                }
                catch (DbUpdateException e) when (tries < 5 && DatabaseFaults.Of(e) is null)
                {
                    // Another worker of a new batch, or another coordinator, was first with the same row: now it is there.
                    await Task.Delay(Random.Shared.Next(5, 50), ct);
                }
            }
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<WorkerRegistered> EnterAsync(RegisterWorker message, CancellationToken ct)
    {
        var now = await hearing.HeardAsync(ct);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var worker = await db.Workers.SingleOrDefaultAsync(w => w.Name == message.Worker, ct);
        var mayLive = worker?.Epoch is { } holder && !message.Follows(holder) && rules.MayLive(now, worker.Heard);
        if (mayLive && !message.Takeover)
        {
            var age = (Now - worker!.LastSeen).TotalSeconds;
            return new WorkerRegistered
            {
                Epoch = message.Epoch,
                Refusal = $"a worker named '{message.Worker}' is alive on {worker.Hostname} (heard {age:0} s ago); give this one another --name, or --takeover to replace that one.",
            };
        }

        var held = await HeldAsync(db, message.Worker, ct);
        // One start enters once: copies of its registration may come after it was granted leases that they do not name.
        if (worker?.Epoch == message.Epoch) return await EnteredAsync(worker, message, held, ct);

        // An agent knows all its leases when it starts: what it does not name, nobody runs. But of a redelivery it may not have heard yet; and those
        // of an agent that may live, put aside by force, run out by themselves: it may be uploading until then. Before it enters, which it does once.
        var lost = held.Where(h => h.Redelivers is null && LeaseRules.LostAtStart(h.Holder == message.Epoch, message.Leases.Contains(h.Key), mayLive)).ToList();
        await LoseAsync(lost, "the worker was started again and no longer knows it", ct);

        if (worker is null) db.Workers.Add(worker = new WorkerRow { Name = message.Worker });
        (worker.Epoch, worker.Sequence) = (message.Epoch, 0);
        worker.Entered = worker.Hears = worker.Heard = now.Seconds;
        TakeSettings(worker, message);
        worker.Hostname = message.Host.Hostname;
        worker.Cpus = message.Host.Cpus;
        worker.Memory = message.Host.Memory;
        worker.Version = message.Host.Version;
        worker.Docker = message.Host.Docker;
        worker.Gpus = message.Host.Gpus is { Count: > 0 } gpus ? JsonSerializer.Serialize(gpus, ScitqJson.Rest) : null;
        worker.Leases = message.Leases.Count;
        worker.Hold = null;
        worker.Registered = worker.LastSeen = Now;
        await db.EnsureBatchAsync(worker.Batch, Now, ct);
        await db.SaveChangesAsync(ct);

        // What an earlier agent was told, this one has not heard.
        _told.TryRemove(message.Worker, out _);
        Log.Registered(logger, message.Worker, worker.Batch, worker.Concurrency, worker.Prefetch, message.Leases.Count);
        return await EnteredAsync(worker, message, held, ct);
    }

    private async Task<WorkerRegistered> EnteredAsync(WorkerRow worker, RegisterWorker message, List<Held> held, CancellationToken ct)
    {
        Know(message.Worker, message.Epoch);
        await topology.EnsureBatchAsync(worker.Batch, ct);
        await topology.EnsureWorkerAsync(message.Worker, ct);
        reconciler.Look(worker.Batch);
        return new WorkerRegistered { Epoch = message.Epoch, Revoked = Revoked(message.Leases, held), Settings = worker.Settings };
    }

    /// <summary>
    /// Renews leases, or says why not. One after the other for each worker, and an older heartbeat after a newer one says
    /// nothing: after an outage they arrive all at once, and one sent before a grant does not name its lease.
    /// </summary>
    public async Task<HeartbeatAnswered?> HeartbeatAsync(WorkerHeartbeat message, CancellationToken ct)
    {
        var gate = Gate(message.Worker);
        await gate.WaitAsync(ct);
        try
        {
            return await HearAsync(message, ct);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<HeartbeatAnswered?> HearAsync(WorkerHeartbeat message, CancellationToken ct)
    {
        var now = await hearing.HeardAsync(ct);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var worker = await db.Workers.SingleOrDefaultAsync(w => w.Name == message.Worker, ct);
        if (worker?.Epoch != message.Epoch) return new HeartbeatAnswered { Sequence = message.Sequence, Known = false };
        if (message.Sequence <= worker.Sequence) return null;

        worker.Sequence = message.Sequence;
        worker.LastSeen = Now;
        worker.Hears = LeaseRules.HearsSince(now, worker.Heard, worker.Hears, message.Sequence, message.Heard);
        worker.Heard = now.Seconds;
        worker.Running = message.Running;
        worker.Leases = message.Leases.Count;
        worker.Hold = message.Hold;
        worker.Load = message.Load;
        worker.MemoryAvailable = message.MemoryAvailable;
        worker.DiskFree = message.DiskFree;
        if (message.Resources is { } resources) worker.Resources = JsonSerializer.Serialize(resources, ScitqJson.Rest);
        await db.SaveChangesAsync(ct);
        await RecordAsync(db, worker.Id, message.Done, ct);
        Know(message.Worker, message.Epoch);

        var held = await HeldAsync(db, message.Worker, ct);
        var named = message.Leases.ToHashSet();
        var unnamed = held.Where(h => h.Redelivers is null && !named.Contains(h.Key))
            .ToLookup(h => rules.Unnamed(now, h.Granted, h.Holder == message.Epoch, worker.Entered, worker.Hears));
        var late = unnamed[UnnamedLease.Tell].Where(h => !h.CancelRequested).OrderBy(h => h.Granted).Take(MostTold).Select(h => h.TaskId).ToList();
        var (unheard, told) = Redeliveries(message.Worker, [.. held.Where(h => h.Redelivers is not null && !named.Contains(h.Key))], now, worker.Hears);
        await LoseAsync([.. unnamed[UnnamedLease.Lose], .. unheard], "the worker does not know it", ct);

        return new HeartbeatAnswered
        {
            Sequence = message.Sequence,
            Revoked = Revoked(message.Leases, held),
            Cancelled = [.. held.Where(h => h.CancelRequested && named.Contains(h.Key)).Select(h => h.Key)],
            Settings = worker.Settings,
            Redeliver = await RedeliveriesAsync(db, told, ct),
            Granted = await GrantsAsync(db, late, message.Worker, ct),
            Orders = await db.Orders.Where(o => o.WorkerId == worker.Id && o.Done == null).OrderBy(o => o.Id).Select(o => new WorkerOrder(o.Id, o.Kind)).ToListAsync(ct),
        };
    }

    public async Task LeaveAsync(WorkerLeft message, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var changed = await db.Workers.Where(w => w.Name == message.Worker && w.Epoch == message.Epoch)
            .ExecuteUpdateAsync(set => set.SetProperty(w => w.Epoch, (Guid?)null).SetProperty(w => w.Running, 0).SetProperty(w => w.Leases, 0), ct);
        if (changed == 0) return;
        _known.TryRemove(message.Worker, out _);
        await LoseAsync(await HeldAsync(db, message.Worker, ct), "the worker has left", ct);
        Log.Left(logger, message.Worker);
    }

    /// <summary>
    /// A pulse has come back: what workers said before it has been heard. Declares workers lost that have been silent for too long, and takes leases from
    /// those that are gone. Several coordinators may do so at once: each step is fenced by the epoch or the lease.
    /// </summary>
    public async Task PulseAsync(CancellationToken ct)
    {
        if (await hearing.PulseAsync(ct) is not { } now) return;
        await using var db = await contexts.CreateDbContextAsync(ct);
        var silent = now.Seconds - rules.LostAfter;
        foreach (var worker in await db.Workers.AsNoTracking().Where(w => w.Epoch != null && w.Heard <= silent).ToListAsync(ct))
        {
            if (!rules.IsLost(now, worker.Heard)) continue;
            var changed = await db.Workers.Where(w => w.Id == worker.Id && w.Epoch == worker.Epoch && w.Sequence == worker.Sequence && w.Heard <= silent)
                .ExecuteUpdateAsync(set => set.SetProperty(w => w.Epoch, (Guid?)null).SetProperty(w => w.Running, 0).SetProperty(w => w.Leases, 0), ct);
            if (changed == 0) continue;         // heard from it meanwhile
            _known.TryRemove(worker.Name, out _);
            Log.Lost(logger, worker.Name, (Now - worker.LastSeen).TotalSeconds);
        }

        // Those of a worker just declared lost, and any granted to one that was gone already.
        var orphans = await db.Tasks.AsNoTracking()
            .Where(t => (t.State == TaskState.Accepted || t.State == TaskState.Running || t.State == TaskState.Uploading)
                && db.Workers.Any(w => w.Name == t.Worker && w.Epoch == null && w.Heard <= silent))
            .Select(t => new Held(t.CorrelationId, t.Attempt, t.Lease, t.CancelRequested, t.Accepted, t.Redelivers, t.Granted, t.HolderEpoch)).ToListAsync(ct);
        await LoseAsync(orphans.Where(h => rules.HasLapsed(now, h.Granted)), $"its worker has not been heard of for {rules.LostAfter:0} s", ct);
    }

    /// <summary>What a user has changed outlives the agent, until the agent is started with another value than the time before.</summary>
    private static void TakeSettings(WorkerRow worker, RegisterWorker message)
    {
        var before = worker.Settings;
        if (worker.StartedBatch != message.Batch) worker.Batch = worker.StartedBatch = message.Batch;
        if (worker.StartedConcurrency != message.Concurrency) worker.StartedConcurrency = worker.Concurrency = message.Concurrency;
        if (worker.StartedPrefetch != message.Prefetch) worker.StartedPrefetch = worker.Prefetch = message.Prefetch;
        if (worker.Settings != before) worker.Revision++;
    }

    /// <summary>The first outcome of an order counts; the worker repeats it until the answer no longer holds the order.</summary>
    private async Task RecordAsync(ScitqDb db, long worker, IReadOnlyList<OrderOutcome> done, CancellationToken ct)
    {
        var now = Now;
        foreach (var (id, text) in done)
        {
            // PostgreSQL's text holds any character but NUL.
            var outcome = text.Replace('\0', ' ');
            await db.Orders.Where(o => o.Id == id && o.WorkerId == worker && o.Done == null)
                .ExecuteUpdateAsync(set => set.SetProperty(o => o.Done, now).SetProperty(o => o.Outcome, outcome), ct);
        }
    }

    private SemaphoreSlim Gate(string worker) => _gates[(uint)worker.GetHashCode(StringComparison.Ordinal) % _gates.Length];

    private static List<AttemptKey> Revoked(IReadOnlyList<AttemptKey> named, List<Held> held)
    {
        var current = held.Select(h => h.Key).ToHashSet();
        return [.. named.Where(k => !current.Contains(k))];
    }

    private static Task<List<Held>> HeldAsync(ScitqDb db, string worker, CancellationToken ct) => db.Tasks.AsNoTracking()
        .Where(t => t.Worker == worker && (t.State == TaskState.Accepted || t.State == TaskState.Running || t.State == TaskState.Uploading))
        .Select(t => new Held(t.CorrelationId, t.Attempt, t.Lease, t.CancelRequested, t.Accepted, t.Redelivers, t.Granted, t.HolderEpoch)).ToListAsync(ct);

    /// <summary>What the worker was granted and has not heard of, as the answer to its claim told it; only what still holds.</summary>
    private static async Task<IReadOnlyList<ClaimAnswer>> GrantsAsync(ScitqDb db, IReadOnlyList<Guid> ids, string worker, CancellationToken ct)
    {
        if (ids.Count == 0) return [];
        var tasks = await db.Tasks.AsNoTracking().Where(t => ids.Contains(t.CorrelationId) && t.Worker == worker && t.Lease != null).ToListAsync(ct);
        return [.. tasks.Select(t => new ClaimAnswer { TaskId = t.CorrelationId, Attempt = t.Attempt, Lease = t.Lease, Number = t.Number, Spec = t.Spec })];
    }

    /// <summary>
    /// Of the redeliveries that the worker does not name: those it has been told of again and again without taking them up (an agent older than
    /// they are ignores them), and those it is told of now, the oldest first.
    /// </summary>
    private (List<Held> Unheard, List<Guid> Told) Redeliveries(string worker, List<Held> unnamed, Hearing now, double hears)
    {
        var before = _told.GetValueOrDefault(worker);
        double? Since(Held held) => before?.TryGetValue(held.Key, out var first) == true ? first : null;
        // One that is cancelled is told to nobody any more, so its first telling counts as long ago.
        bool Unheard(double since) => rules.Unnamed(now, since, own: true, entered: 0, hears) == UnnamedLease.Lose;
        var unheard = unnamed.Where(h => (h.CancelRequested ? h.Granted ?? 0 : Since(h)) is { } since && Unheard(since)).ToList();
        var tell = unnamed.Where(h => !h.CancelRequested).Except(unheard).OrderBy(h => h.Accepted).Take(MostTold).ToList();
        if (tell.Count == 0) _told.TryRemove(worker, out _);
        else _told[worker] = tell.ToDictionary(h => h.Key, h => Since(h) ?? now.Seconds);
        return (unheard, tell.ConvertAll(h => h.TaskId));
    }

    private static async Task<IReadOnlyList<Redelivery>> RedeliveriesAsync(ScitqDb db, IReadOnlyList<Guid> ids, CancellationToken ct)
    {
        if (ids.Count == 0) return [];
        var redeliveries = new List<Redelivery>();
        foreach (var task in await db.Tasks.AsNoTracking().Where(t => ids.Contains(t.CorrelationId)).ToListAsync(ct))
        {
            if (task.Lease is null || task.Redelivers is not { } first) continue;
            var attempts = await db.Attempts.AsNoTracking().Where(a => a.TaskId == task.CorrelationId && a.Attempt >= first && a.Attempt < task.Attempt && a.Lease != null)
                .OrderByDescending(a => a.Attempt).Select(a => new { a.Attempt, a.Lease, a.ExitCode }).ToListAsync(ct);
            redeliveries.Add(new Redelivery
            {
                Key = task.Key,
                Number = task.Number,
                Spec = task.Spec,
                Kept = [.. attempts.Select(a => new AttemptKey(task.CorrelationId, a.Attempt, a.Lease!.Value))],
                ExitCode = attempts.Find(a => a.Attempt == first)?.ExitCode,
            });
        }

        return redeliveries;
    }

    private Task LoseAsync(IEnumerable<Held> held, string why, CancellationToken ct) =>
        inbox.RaiseAsync([.. held.Where(h => h.Lease is not null).Select(h => TaskStimulus.For(h.TaskId, m => m.LeaseLost, new LeaseLost(h.Lease!.Value, why)))], ct);

    private void Know(string worker, Guid epoch) => _known[worker] = new Known(epoch, clock.GetTimestamp());

    private sealed record Known(Guid Epoch, long At);

    private sealed record Held(Guid TaskId, int Attempt, Guid? Lease, bool CancelRequested, DateTime? Accepted, int? Redelivers, double? Granted, Guid? Holder)
    {
        public AttemptKey Key => new(TaskId, Attempt, Lease ?? Guid.Empty);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Worker {Worker} serves batch {Batch} with {Concurrency} slots and {Prefetch} ahead; it brings {Leases} attempts")]
        public static partial void Registered(ILogger logger, string worker, string batch, int concurrency, int prefetch, int leases);

        [LoggerMessage(2, LogLevel.Information, "Worker {Worker} has left")]
        public static partial void Left(ILogger logger, string worker);

        [LoggerMessage(3, LogLevel.Warning, "Worker {Worker} is lost: silent for {Seconds:0} s")]
        public static partial void Lost(ILogger logger, string worker, double seconds);
    }
}
