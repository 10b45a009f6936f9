using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Usage;
using Scitq.Coordinator.Webhooks;

namespace Scitq.Coordinator.Workers;

/// <summary>Answers heartbeats: renews the leases they name, and tells workers what they have not heard.</summary>
internal sealed class Heartbeats(
    IDbContextFactory<ScitqDb> contexts, HearingClock hearing, LeaseRules rules, WorkerMemory memory,
    HeldLeases leases, Redeliveries redeliveries, UsageMinutes minutes, Outbox outbox, TimeProvider clock)
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

        if (worker.Hold is null && message.Hold is not null)
            outbox.Add(db, WebhookEvents.DiskLow, new { message.Worker, Why = message.Hold, message.DiskFree }, clock.GetUtcNow().UtcDateTime);
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

        await RecordAsync(db, worker, message.Done, ct);
        memory.Know(message.Worker, message.Epoch);

        var held = await HeldLeases.OfAsync(db, message.Worker, ct);
        var named = message.Leases.ToHashSet();
        var unnamed = held.Where(h => h.Redelivers is null && !named.Contains(h.Key))
            .ToLookup(h => rules.Unnamed(now, h.Granted, h.Holder == message.Epoch, worker.Entered, worker.Hears));
        var late = unnamed[UnnamedLease.Tell].Where(h => !h.StopRequested).OrderBy(h => h.Granted).Take(MostTold).Select(h => h.TaskId).ToList();
        var (unheard, told) = redeliveries.Sort(message.Worker, [.. held.Where(h => h.Redelivers is not null && !named.Contains(h.Key))], now, worker.Hears);
        await leases.LoseAsync([.. unnamed[UnnamedLease.Lose], .. unheard], "the worker does not know it", ct);
        var suspended = message.Suspended.ToHashSet();
        await leases.TellStandstillsAsync(held, named, suspended, ct);

        return new HeartbeatAnswered
        {
            Sequence = message.Sequence,
            Revoked = HeldLeases.Revoked(message.Leases, held),
            Cancelled = [.. held.Where(h => h.StopRequested && named.Contains(h.Key)).Select(h => h.Key)],
            Killed = [.. held.Where(h => h.KillRequested && named.Contains(h.Key)).Select(h => h.Key)],
            Pauses = [.. held.Where(h => named.Contains(h.Key) && (h.Pause.Paused || suspended.Contains(h.Key))).Select(h => h.Pause)],
            Settings = await db.SettingsAsync(worker, ct),
            Redeliver = await Redeliveries.ReadAsync(db, told, ct),
            Granted = await GrantsAsync(db, late, message.Worker, ct),
            Orders = await OrdersAsync(db, worker, ct),
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
    private async Task RecordAsync(ScitqDb db, WorkerRow worker, IReadOnlyList<OrderOutcome> done, CancellationToken ct)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        foreach (var (id, text) in done)
        {
            // PostgreSQL's text holds any character but NUL.
            var outcome = text.Replace('\0', ' ');
            var order = await db.Orders.AsNoTracking().SingleOrDefaultAsync(o => o.Id == id && o.WorkerId == worker.Id && o.Done == null, ct);
            if (order is null) continue;
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var first = await db.Orders.Where(o => o.Id == id && o.Done == null)
                .ExecuteUpdateAsync(set => set.SetProperty(o => o.Done, now).SetProperty(o => o.Outcome, outcome), ct);
            if (first == 1 && order is { TaskId: { } task, Attempt: { } attempt })
            {
                db.Events.Add(new TaskEventRow
                    { TaskId = task, Attempt = attempt, At = now, Kind = HistoryKind.Signalled, Worker = worker.Name, Detail = outcome });
                await db.SaveChangesAsync(ct);
            }

            await transaction.CommitAsync(ct);
        }
    }

    /// <summary>Those that it has not carried out. Words that an old agent does not know would make the whole answer unreadable to it.</summary>
    private static async Task<IReadOnlyList<WorkerOrder>> OrdersAsync(ScitqDb db, WorkerRow worker, CancellationToken ct)
    {
        var orders = await db.Orders.AsNoTracking().Where(o => o.WorkerId == worker.Id && o.Done == null).OrderBy(o => o.Id).ToListAsync(ct);
        // An agent that does not know the word could not read the answer.
        return [.. orders.Where(o => o.Kind switch
        {
            WorkerOrderKind.Signal => worker.Knows(Abilities.Signal),
            WorkerOrderKind.Restart => worker.Knows(Abilities.Restart),
            _ => true,
        }).Select(o => o.Order)];
    }

    /// <summary>Grants that the worker has not heard of, as the answers to its claims told them; only what still holds.</summary>
    private static async Task<IReadOnlyList<ClaimAnswer>> GrantsAsync(ScitqDb db, IReadOnlyList<Guid> ids, string worker, CancellationToken ct)
    {
        if (ids.Count == 0) return [];
        var tasks = await db.Tasks.AsNoTracking().Where(t => ids.Contains(t.CorrelationId) && t.Worker == worker && t.Lease != null).ToListAsync(ct);
        return [.. tasks.Select(t => t.Grant())];
    }
}
