using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Workers;

/// <summary>How workers come.</summary>
internal sealed partial class Registrations(
    IDbContextFactory<ScitqDb> contexts, HearingClock hearing, LeaseRules rules, WorkerMemory memory, HeldLeases leases, IWorkerLine line,
    TimeProvider clock, ILogger<Registrations> logger)
{
    private const int MostTries = 5;

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>
    /// Gives the name to a start of the agent, or says why not. An agent repeats itself until it is answered, so after an
    /// outage many of its registrations arrive at once: one after the other for each worker.
    /// </summary>
    public async Task<WorkerRegistered> RegisterAsync(RegisterWorker message, CancellationToken ct) =>
        (BatchName.Problem(message.Batch) ?? BatchName.Problem(message.Worker) ?? rules.Refusal(message.LeaseSeconds)) is { } problem
            ? new WorkerRegistered { Epoch = message.Epoch, Refusal = problem }
            : await memory.InTurnAsync(message.Worker, () => TryAsync(message, ct), ct);

    private async Task<WorkerRegistered> TryAsync(RegisterWorker message, CancellationToken ct)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await EnterAsync(message, ct);
            }
            catch (DbUpdateException e) when (tries < MostTries && DatabaseFaults.Of(e) is null)
            {
                // Another worker of a new batch, or another coordinator, was first with the same row: now it is there.
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(5, 50)), clock, ct);
            }
        }
    }

    private async Task<WorkerRegistered> EnterAsync(RegisterWorker message, CancellationToken ct)
    {
        var now = await hearing.HeardAsync(ct);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var worker = await db.Workers.SingleOrDefaultAsync(w => w.Name == message.Worker, ct);
        var mayLive = worker?.Epoch is { } holder && !message.Follows(holder) && rules.MayLive(now, worker.Heard);
        if (mayLive && !message.Takeover) return Alive(worker!, message);

        var held = await HeldLeases.OfAsync(db, message.Worker, ct);
        // One start enters once: copies of its registration may come after it was granted leases that they do not name.
        if (worker?.Epoch == message.Epoch) return await EnteredAsync(db, worker, message, held, ct);

        // An agent knows all its leases when it starts: one that it does not name is run by nobody. But of a redelivery it may not have heard yet; and the
        // leases of an agent that may live, put aside by force, run out by themselves, for it may be uploading until then.
        var lost = held.Where(h => h.Redelivers is null && LeaseRules.LostAtStart(h.Holder == message.Epoch, message.Leases.Contains(h.Key), mayLive)).ToList();
        // Before it enters, which it does once.
        await leases.LoseAsync(lost, "the worker was started again and no longer knows it", ct);

        if (worker is null) db.Workers.Add(worker = new WorkerRow { Name = message.Worker });
        worker.Enter(message, now, Now);
        await db.EnsureBatchAsync(worker.Batch, Now, ct);
        await db.SaveChangesAsync(ct);

        memory.Tell(message.Worker, null);
        Log.Registered(logger, message.Worker, worker.Batch, worker.Concurrency, worker.Prefetch, message.Leases.Count);
        return await EnteredAsync(db, worker, message, held, ct);
    }

    private WorkerRegistered Alive(WorkerRow worker, RegisterWorker message) => new()
    {
        Epoch = message.Epoch,
        Refusal = $"a worker named '{message.Worker}' is alive on {worker.Hostname} (heard {(Now - worker.LastSeen).TotalSeconds:0} s ago); "
            + "give this one another --name, or --takeover to replace that one.",
    };

    private async Task<WorkerRegistered> EnteredAsync(ScitqDb db, WorkerRow worker, RegisterWorker message, List<HeldLease> held, CancellationToken ct)
    {
        memory.Know(message.Worker, message.Epoch);
        await line.OpenAsync(message.Worker, worker.Batch, ct);
        var settings = await db.SettingsAsync(worker, ct);
        return new WorkerRegistered { Epoch = message.Epoch, Revoked = HeldLeases.Revoked(message.Leases, held), Settings = settings };
    }

    private static partial class Log
    {
        [LoggerMessage(
            1, LogLevel.Information, "Worker {Worker} serves batch {Batch} with {Concurrency} slots and {Prefetch} ahead; it brings {Leases} attempts")]
        public static partial void Registered(ILogger logger, string worker, string batch, int concurrency, int prefetch, int leases);
    }
}
