using System.Data;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Webhooks;

/// <summary>
/// Finds batches whose last unfinished task has ended. Two transactions that end the last two tasks do not see each other, so each leaves a row that
/// asks to look; whoever reads the row sees what its transaction has done.
/// </summary>
internal sealed class BatchEnds(IDbContextFactory<ScitqDb> contexts, Outbox outbox, TimeProvider clock)
{
    private const int MostAtOnce = 1000;

    /// <summary>Whether there was something to look at.</summary>
    public async Task<bool> LookAsync(CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        // Rows and states as of one moment: otherwise an end between the two questions would be found now, and again with its own row.
        await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var looks = await db.BatchLooks.AsNoTracking().OrderBy(l => l.Id).Take(MostAtOnce).ToListAsync(ct);
        if (looks.Count == 0) return false;
        foreach (var batch in looks.Select(l => l.Batch).Distinct())
        {
            var unfinished = db.Tasks.Where(t => t.Batch == batch
                && t.State != TaskState.Succeeded && t.State != TaskState.Failed && t.State != TaskState.Cancelled);
            if (!await unfinished.AnyAsync(ct)) await NoteAsync(db, batch, ct);
        }

        var ids = looks.Select(l => l.Id).ToList();
        try
        {
            await db.BatchLooks.Where(l => ids.Contains(l.Id)).ExecuteDeleteAsync(ct);
            await transaction.CommitAsync(ct);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected)
        {
            // Another coordinator looks at the same; nothing is lost, and it is looked again.
        }

        return true;
    }

    private async Task NoteAsync(ScitqDb db, string batch, CancellationToken ct)
    {
        var counts = await db.Tasks.Where(t => t.Batch == batch).GroupBy(t => t.State)
            .Select(g => new { State = g.Key, Count = g.LongCount(), Last = g.Max(t => t.Finished) }).ToListAsync(ct);
        if (counts.Count == 0) return;
        var (total, last) = (counts.Sum(c => c.Count), counts.Max(c => c.Last) ?? default);
        // Found twice, it is the same event: nothing has ended since.
        var id = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{batch}\n{total}\n{last.Ticks / 10}"))[..16]);
        var data = new
        {
            Batch = batch, Total = total, Succeeded = Count(TaskState.Succeeded), Failed = Count(TaskState.Failed), Cancelled = Count(TaskState.Cancelled),
        };
        foreach (var row in outbox.Rows(WebhookEvents.BatchEnded, data, clock.GetUtcNow().UtcDateTime, id))
        {
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO notice (event_id, hook, kind, body, created, due, tries)
                VALUES ({row.EventId}, {row.Hook}, {row.Kind}, {row.Body}, {row.Created}, {row.Due}, 0) ON CONFLICT DO NOTHING
                """, ct);
        }

        long Count(TaskState state) => counts.Where(c => c.State == state).Sum(c => c.Count);
    }
}
