using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Usage;

namespace Scitq.Coordinator.Workers;

/// <summary>Answers heartbeats: renews the leases they name, and tells workers what they have not heard.</summary>
internal sealed class Heartbeats(
    IDbContextFactory<ScitqDb> contexts, HearingClock hearing, LeaseRules rules, WorkerMemory memory,
    HeldLeases leases, Redeliveries redeliveries, UsageMinutes minutes, TimeProvider clock)
{
    /// <summary>So many leases are told with one answer; the others follow with the next ones.</summary>
    public const int MostTold = 20;

    /// <summary>
    /// Renews leases, or says why not. One after the other for each worker, and an older heartbeat after a newer one says
    /// nothing: after an outage they arrive all at once, and one sent before a grant does not name its lease.
    /// </summary>
    public Task<HeartbeatAnswered?> HeartbeatAsync(WorkerHeartbeat message, CancellationToken ct) =>
        memory.InTurnAsync(message.Worker, () => HearAsync(message, ct), ct);

    private async Task<HeartbeatAnswered?> HearAsync(WorkerHeartbeat message, CancellationToken ct)
    {
        var now = await hearing.HeardAsync(ct);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var worker = await db.Workers.SingleOrDefaultAsync(w => w.Name == message.Worker, ct);
        if (worker?.Epoch != message.Epoch) return new HeartbeatAnswered { Sequence = message.Sequence, Known = false };
        if (message.Sequence <= worker.Sequence) return null;

        Note(worker, message, now);
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Forgotten in this moment.
            return new HeartbeatAnswered { Sequence = message.Sequence, Known = false };
        }

        await RecordAsync(db, worker.Id, message.Done, ct);
        memory.Know(message.Worker, message.Epoch);

        // An agent of before could not read the answer.
        var canRestart = worker.Knows(Abilities.Restart);
        var held = await HeldLeases.OfAsync(db, message.Worker, ct);
        var named = message.Leases.ToHashSet();
        var unnamed = held.Where(h => h.Redelivers is null && !named.Contains(h.Key))
            .ToLookup(h => rules.Unnamed(now, h.Granted, h.Holder == message.Epoch, worker.Entered, worker.Hears));
        var late = unnamed[UnnamedLease.Tell].Where(h => !h.CancelRequested).OrderBy(h => h.Granted).Take(MostTold).Select(h => h.TaskId).ToList();
        var (unheard, told) = redeliveries.Sort(message.Worker, [.. held.Where(h => h.Redelivers is not null && !named.Contains(h.Key))], now, worker.Hears);
        await leases.LoseAsync([.. unnamed[UnnamedLease.Lose], .. unheard], "the worker does not know it", ct);
        var suspended = message.Suspended.ToHashSet();
        await leases.TellStandstillsAsync(held, named, suspended, ct);

        return new HeartbeatAnswered
        {
            Sequence = message.Sequence,
            Revoked = HeldLeases.Revoked(message.Leases, held),
            Cancelled = [.. held.Where(h => h.CancelRequested && named.Contains(h.Key)).Select(h => h.Key)],
            Pauses = [.. held.Where(h => named.Contains(h.Key) && (h.Pause.Paused || suspended.Contains(h.Key))).Select(h => h.Pause)],
            Settings = await db.SettingsAsync(worker, ct),
            Redeliver = await Redeliveries.ReadAsync(db, told, ct),
            Granted = await GrantsAsync(db, late, message.Worker, ct),
            Orders = await db.Orders.Where(o => o.WorkerId == worker.Id && o.Done == null).OrderBy(o => o.Id)
                .Where(o => canRestart || o.Kind != WorkerOrderKind.Restart).Select(o => new WorkerOrder(o.Id, o.Kind)).ToListAsync(ct),
        };
    }

    private void Note(WorkerRow worker, WorkerHeartbeat message, Hearing now)
    {
        worker.Sequence = message.Sequence;
        worker.LastSeen = clock.GetUtcNow().UtcDateTime;
        worker.Hears = LeaseRules.HearsSince(now, worker.Heard, worker.Hears, message.Sequence, message.Heard);
        worker.Heard = now.Seconds;
        worker.Running = message.Running;
        worker.Leases = message.Leases.Count;
        worker.Hold = message.Hold;
        worker.Load = message.Load;
        worker.MemoryAvailable = message.MemoryAvailable;
        worker.DiskFree = message.DiskFree;
        if (message.Stats is { } stats)
        {
            worker.Stats = JsonSerializer.Serialize(stats, ScitqJson.Rest);
            minutes.Add(worker.Id, worker.Usage!);
        }

        if (message.Resources is { } resources) worker.Resources = JsonSerializer.Serialize(resources, ScitqJson.Rest);
    }

    /// <summary>The first outcome of an order counts; the worker repeats it until the answer no longer holds the order.</summary>
    private async Task RecordAsync(ScitqDb db, long worker, IReadOnlyList<OrderOutcome> done, CancellationToken ct)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        foreach (var (id, text) in done)
        {
            // PostgreSQL's text holds any character but NUL.
            var outcome = text.Replace('\0', ' ');
            await db.Orders.Where(o => o.Id == id && o.WorkerId == worker && o.Done == null)
                .ExecuteUpdateAsync(set => set.SetProperty(o => o.Done, now).SetProperty(o => o.Outcome, outcome), ct);
        }
    }

    /// <summary>Grants that the worker has not heard of, as the answers to its claims told them; only what still holds.</summary>
    private static async Task<IReadOnlyList<ClaimAnswer>> GrantsAsync(ScitqDb db, IReadOnlyList<Guid> ids, string worker, CancellationToken ct)
    {
        if (ids.Count == 0) return [];
        var tasks = await db.Tasks.AsNoTracking().Where(t => ids.Contains(t.CorrelationId) && t.Worker == worker && t.Lease != null).ToListAsync(ct);
        return [.. tasks.Select(t => new ClaimAnswer { TaskId = t.CorrelationId, Attempt = t.Attempt, Lease = t.Lease, Number = t.Number, Spec = t.Spec })];
    }
}
