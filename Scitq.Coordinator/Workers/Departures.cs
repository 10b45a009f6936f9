using Microsoft.EntityFrameworkCore;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Workers;

/// <summary>How workers go, in order: the others are lost.</summary>
internal sealed partial class Departures(
    IDbContextFactory<ScitqDb> contexts, WorkerMemory memory, HeldLeases leases, ForgottenWorkers forgotten, ILogger<Departures> logger)
{
    /// <summary>The agent ends, and gives all back.</summary>
    public async Task LeaveAsync(WorkerLeft message, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        if (!await db.Workers.Where(w => w.Name == message.Worker && w.Epoch == message.Epoch).LeaveAsync(ct)) return;
        memory.Forget(message.Worker);
        await leases.LoseAsync(await HeldLeases.OfAsync(db, message.Worker, ct), "the worker has left", ct);
        Log.Left(logger, message.Worker);
        // Should this not come to its end, the next pulse does it.
        if (await db.Workers.AsNoTracking().SingleOrDefaultAsync(w => w.Name == message.Worker && w.Deleting, ct) is { } deleted)
            await forgotten.ForgetAsync(deleted, ct);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Worker {Worker} has left")]
        public static partial void Left(ILogger logger, string worker);
    }
}
