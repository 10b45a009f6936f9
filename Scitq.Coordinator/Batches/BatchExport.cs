using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Batches;

/// <summary>
/// All ended attempts of a batch, by task and number. Read page by page, so that neither memory nor a transaction grows with them; what ends meanwhile
/// may be among them or not.
/// </summary>
internal sealed class BatchExport(IDbContextFactory<ScitqDb> contexts)
{
    private const int Page = 1000;

    public async IAsyncEnumerable<ExportedAttempt> ReadAsync(string batch, [EnumeratorCancellation] CancellationToken ct)
    {
        for (long after = 0; ;)
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            var tasks = await db.Tasks.AsNoTracking().Where(t => t.Batch == batch && t.Number > after).OrderBy(t => t.Number).Take(Page)
                .Select(t => new Submitted(t.CorrelationId, t.Number, t.Name, t.Created, t.Queued, t.Attempt)).ToListAsync(ct);
            if (tasks.Count == 0) yield break;
            after = tasks[^1].Number;
            var ids = tasks.ConvertAll(t => t.Id);
            var attempts = (await db.Attempts.AsNoTracking().Where(a => ids.Contains(a.TaskId)).ToListAsync(ct)).ToLookup(a => a.TaskId);
            foreach (var task in tasks)
            {
                DateTime? before = task.Created;
                foreach (var row in attempts[task.Id].OrderBy(a => a.Attempt))
                {
                    yield return Line(task, row, row.Attempt == task.Attempt ? task.Queued : before);
                    before = row.Finished;
                }
            }
        }
    }

    private static ExportedAttempt Line(Submitted task, AttemptRow row, DateTime? queued)
    {
        var run = Between(row.Started, row.RunEnded);
        return new ExportedAttempt
        {
            TaskId = task.Number,
            Attempt = row.Attempt,
            Name = task.Name,
            Status = row.Outcome.ToString().ToLowerInvariant(),
            ExitCode = row.ExitCode,
            FailureClass = row.Failure,
            Worker = row.Worker,
            Submit = task.Created,
            Accepted = row.Accepted,
            Start = row.Started,
            Complete = row.Finished,
            Queue = Between(queued, row.Accepted),
            Fetch = Between(row.Accepted, row.Started),
            Run = run,
            Upload = Between(row.RunEnded, row.Finished),
            CpuPercent = run > 0 && row.CpuSeconds is { } cpu ? Math.Round(100 * cpu / run.Value, 1) : null,
            CpuSeconds = row.CpuSeconds is { } seconds ? Math.Round(seconds, 3) : null,
            PeakMemory = row.PeakMemory,
            BytesIn = row.BytesIn,
            BytesOut = row.BytesOut,
            Reason = Masked.TextOrNull(row.Reason),
        };
    }

    private static double? Between(DateTime? from, DateTime? to) =>
        to is null || from is null ? null : Math.Round(Math.Max(0, (to - from).Value.TotalSeconds), 3);

    private sealed record Submitted(Guid Id, long Number, string? Name, DateTime Created, DateTime Queued, int Attempt);
}
