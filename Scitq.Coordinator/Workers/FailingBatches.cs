using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Workers;

/// <summary>Stops a batch with a limit when so many tasks in a row have failed for good.</summary>
internal sealed class FailingBatches(BatchStops stops)
{
    // Successes are found by when their attempts ended, which is told by the clocks of workers.
    private static readonly TimeSpan Apart = TimeSpan.FromMinutes(10);

    public async Task CheckAsync(ScitqDb db, string name, CancellationToken ct)
    {
        if (await db.Batches.AsNoTracking().FirstOrDefaultAsync(b => b.Name == name, ct) is not { MaxFails: { } most, Stopped: null } batch) return;
        var failed = db.Tasks.Where(t => t.Batch == name && t.State == TaskState.Failed);
        if (batch.FailsFrom is { } from) failed = failed.Where(t => t.Finished > from);
        var first = await failed.OrderByDescending(t => t.Finished).Skip(most - 1).Select(t => t.Finished).FirstOrDefaultAsync(ct);
        if (first is not { } since) return;

        var early = since - Apart;
        var succeeded = await db.Attempts.Where(a => a.Finished > early)
            .Join(db.Tasks.Where(t => t.Batch == name && t.State == TaskState.Succeeded && t.Finished > since), a => a.TaskId, t => t.CorrelationId,
                (a, t) => new { a.Finished, End = t.Finished })
            .OrderByDescending(x => x.Finished).Select(x => x.End).FirstOrDefaultAsync(ct);
        if (succeeded is not null)
        {
            // So that the next look for a success is due only after as many failures again.
            await db.Batches.Where(b => b.Name == name && b.FailsFrom == batch.FailsFrom)
                .ExecuteUpdateAsync(set => set.SetProperty(b => b.FailsFrom, succeeded), ct);
            return;
        }

        var many = most == 1 ? "a task has failed" : $"{most.ToString(CultureInfo.InvariantCulture)} tasks in a row have failed";
        await stops.StopAsync(name, $"{many}, as many as --max-fails allows", "scitq", ct);
    }
}
