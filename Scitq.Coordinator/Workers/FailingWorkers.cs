using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Workers;

/// <summary>
/// Puts a worker aside on which so many different tasks in a row could not be started: else it would take, and fail, all that the others have no time
/// for. Times are those of the worker's own clock.
/// </summary>
internal sealed partial class FailingWorkers(IWorkerLine line, IOptions<TaskOptions> options, TimeProvider clock, ILogger<FailingWorkers> logger)
{
    private const int LongestReason = 300;

    /// <summary>Whether it may be the worker that is unable to do what it should.</summary>
    public static bool IsUnable(FailureClass failure) =>
        failure is FailureClass.Start or FailureClass.Image or FailureClass.Download or FailureClass.Disk;

    public async Task CheckAsync(ScitqDb db, string name, CancellationToken ct)
    {
        var most = options.Value.PutAsideAfter;
        if (await db.Workers.AsNoTracking().FirstOrDefaultAsync(w => w.Name == name, ct) is not { Paused: false } worker) return;
        // As the index has it.
        var unable = db.Attempts.AsNoTracking().Where(a => a.Worker == name
            && (a.Failure == FailureClass.Start || a.Failure == FailureClass.Image || a.Failure == FailureClass.Download || a.Failure == FailureClass.Disk));
        if (worker.FailsFrom is { } from) unable = unable.Where(a => a.Finished > from);
        var tasks = await unable.GroupBy(a => a.TaskId).Select(g => g.Max(a => a.Finished)).OrderByDescending(f => f).Take(most).ToListAsync(ct);
        if (tasks.Count < most) return;

        var first = tasks[^1];
        var able = await db.Attempts.Where(a => a.Finished > first && a.Worker == name
                && (a.Outcome == AttemptOutcome.Succeeded || a.Failure == FailureClass.Exit || a.Failure == FailureClass.Oom
                    || a.Failure == FailureClass.Timeout || a.Failure == FailureClass.Upload))
            .OrderByDescending(a => a.Finished).Select(a => (DateTime?)a.Finished).FirstOrDefaultAsync(ct);
        var same = db.Workers.Where(w => w.Id == worker.Id && !w.Paused && w.FailsFrom == worker.FailsFrom);
        if (able is not null)
        {
            await same.ExecuteUpdateAsync(set => set.SetProperty(w => w.FailsFrom, able), ct);
            return;
        }

        var last = await unable.OrderByDescending(a => a.Finished).FirstAsync(ct);
        await PutAsideAsync(db, same, worker, last, most, ct);
    }

    private async Task PutAsideAsync(ScitqDb db, IQueryable<WorkerRow> same, WorkerRow worker, AttemptRow last, int most, CancellationToken ct)
    {
        var reason = last.Reason ?? "";
        if (reason.Length > LongestReason) reason = reason[..LongestReason] + "…";
        var why = $"put aside: {most.ToString(CultureInfo.InvariantCulture)} different tasks in a row could not be started there; the last one failed "
            + $"with class {last.Failure.ToString()!.ToLowerInvariant()}: {Masked.Text(reason)}";
        await using (var transaction = await db.Database.BeginTransactionAsync(ct))
        {
            // Another coordinator, or the worker's user, may have been first. What has failed until now does not count again when it is resumed.
            if (await same.ExecuteUpdateAsync(
                    set => set.SetProperty(w => w.Paused, true).SetProperty(w => w.Aside, why).SetProperty(w => w.FailsFrom, (DateTime?)last.Finished)
                        .SetProperty(w => w.Revision, w => w.Revision + 1),
                    ct) == 0)
                return;
            db.Events.Add(new TaskEventRow
            {
                TaskId = Guid.Empty, At = clock.GetUtcNow().UtcDateTime, Kind = HistoryKind.WorkerAside, Worker = worker.Name, Detail = why, ByWhom = "scitq",
            });
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
        }

        db.ChangeTracker.Clear();
        Log.Aside(logger, worker.Name, why);
        if (await db.Workers.AsNoTracking().FirstOrDefaultAsync(w => w.Id == worker.Id, ct) is { } now)
            line.Tell(worker.Name, new ConfigureWorker(await db.SettingsAsync(now, ct)));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Worker {Worker} was {Why}")]
        public static partial void Aside(ILogger logger, string worker, string why);
    }
}
