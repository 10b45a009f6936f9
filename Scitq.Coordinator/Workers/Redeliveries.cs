using Microsoft.EntityFrameworkCore;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Workers;

/// <summary>Tells workers of retried uploads: nobody claims those, so the answers to heartbeats name them until a heartbeat does.</summary>
internal sealed class Redeliveries(WorkerMemory memory, LeaseRules rules)
{
    /// <summary>
    /// Of the redeliveries that the worker does not name: those it has been told of again and again without taking them up (an agent older than
    /// they are ignores them), and those it is told of now, the oldest first.
    /// </summary>
    public (List<HeldLease> Unheard, List<Guid> Told) Sort(string worker, IReadOnlyList<HeldLease> unnamed, Hearing now, double hears)
    {
        var before = memory.Told(worker);
        double? Since(HeldLease held) => before?.TryGetValue(held.Key, out var first) == true ? first : null;
        // One that is cancelled is told to nobody any more, so its first telling counts as long ago.
        bool IsUnheard(double since) => rules.Unnamed(now, since, own: true, entered: 0, hears) == UnnamedLease.Lose;
        var unheard = unnamed.Where(h => (h.StopRequested ? h.Granted ?? 0 : Since(h)) is { } since && IsUnheard(since)).ToList();
        var tell = unnamed.Where(h => !h.StopRequested).Except(unheard).OrderBy(h => h.Accepted).Take(Heartbeats.MostTold).ToList();
        memory.Tell(worker, tell.ToDictionary(h => h.Key, h => Since(h) ?? now.Seconds));
        return (unheard, tell.ConvertAll(h => h.TaskId));
    }

    /// <summary>What the worker must know to deliver; only what still holds.</summary>
    public static async Task<IReadOnlyList<Redelivery>> ReadAsync(ScitqDb db, IReadOnlyList<Guid> ids, CancellationToken ct)
    {
        if (ids.Count == 0) return [];
        var redeliveries = new List<Redelivery>();
        foreach (var task in await db.Tasks.AsNoTracking().Where(t => ids.Contains(t.CorrelationId)).ToListAsync(ct))
        {
            if (task.Lease is null || task.Redelivers is not { } first) continue;
            var attempts = await db.Attempts.AsNoTracking()
                .Where(a => a.TaskId == task.CorrelationId && a.Attempt >= first && a.Attempt < task.Attempt && a.Lease != null)
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
}
