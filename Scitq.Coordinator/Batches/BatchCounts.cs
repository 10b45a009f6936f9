using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Batches;

/// <summary>
/// How many tasks of each batch are in which state. Counting a million takes a while, so the figures are counted again
/// only after ten times as long as that took, and a caller that asks meanwhile gets the last ones at once.
/// </summary>
internal sealed partial class BatchCounts(IDbContextFactory<ScitqDb> contexts, TimeProvider clock, ILogger<BatchCounts> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);
    private readonly Lock _lock = new();
    private BatchSnapshot? _last;
    private Task<BatchSnapshot>? _counting;
    private long _next;

    public async Task<BatchSnapshot> GetAsync(CancellationToken ct)
    {
        BatchSnapshot? last;
        Task<BatchSnapshot> counting;
        lock (_lock)
        {
            last = _last;
            if (_counting is null)
            {
                if (last is not null && clock.GetTimestamp() < _next) return last;
                _counting = Task.Run(CountAsync, CancellationToken.None);
            }

            counting = _counting;
        }

        if (last is null) return await counting.WaitAsync(ct);
        await Task.WhenAny(counting, Task.Delay(Patience, clock, ct));
        ct.ThrowIfCancellationRequested();
        return counting.IsCompleted ? await counting : last;
    }

    private async Task<BatchSnapshot> CountAsync()
    {
        BatchSnapshot? counted = null;
        var started = clock.GetTimestamp();
        try
        {
            await using var db = await contexts.CreateDbContextAsync();
            var counts = await db.Tasks.GroupBy(t => new { t.Batch, t.State })
                .Select(g => new { g.Key.Batch, g.Key.State, Count = g.LongCount() }).ToListAsync();
            var known = await db.Batches.Select(b => b.Name).ToListAsync();
            var serving = await db.Workers.Select(w => w.Batch).Distinct().ToListAsync();
            counted = new BatchSnapshot(
                [.. counts.Select(c => c.Batch).Concat(known).Concat(serving).Distinct().Order(StringComparer.Ordinal)],
                counts.ToDictionary(c => (c.Batch, c.State), c => c.Count));
            return counted;
        }
        catch (Exception e)
        {
            // Callers that still wait get the exception. Those that took older figures do not, so it is logged for them.
            Log.CannotCount(logger, e.Message);
            throw;
        }
        finally
        {
            lock (_lock)
            {
                // After a failure there are no figures: none are better than old ones that look new.
                _last = counted;
                _counting = null;
                _next = clock.GetTimestamp() + 10 * (clock.GetTimestamp() - started);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The tasks of the batches could not be counted: {Problem}")]
        public static partial void CannotCount(ILogger logger, string problem);
    }
}
