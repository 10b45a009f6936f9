using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Tasks;

/// <summary>
/// Watches the deadlines of retries, which are columns. Several coordinators may sweep at once: each step is fenced by the row's version, so the
/// second finds nothing to do.
/// </summary>
internal sealed partial class Sweeper(
    IDbContextFactory<ScitqDb> contexts, GroupCommit tasks, TimeProvider clock, ILogger<Sweeper> logger) : BackgroundService, ICommitObserver
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _wake = new(0);
    private DateTime _nearest = DateTime.MaxValue;

    public void Committed(IReadOnlyList<TaskSaga> saved)
    {
        foreach (var task in saved)
        {
            if (task.Due is not { } due || due >= _nearest) continue;
            _nearest = due;
            _wake.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RetryAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // The deadlines wait in the database.
                if (tasks.Outage.Note(e) is null) Log.NotNow(logger, e.Message);
            }

            var pause = _nearest - clock.GetUtcNow().UtcDateTime;
            await _wake.WaitAsync(pause < TimeSpan.Zero ? TimeSpan.FromMilliseconds(100) : pause < Longest ? pause : Longest, stoppingToken);
        }
    }

    private async Task RetryAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        _nearest = DateTime.MaxValue;
        await using var db = await contexts.CreateDbContextAsync(ct);
        while (true)
        {
            var due = await db.Tasks.AsNoTracking().Where(t => t.Due != null && t.Due <= now).OrderBy(t => t.Due).Select(t => t.CorrelationId).Take(1000).ToListAsync(ct);
            if (due.Count == 0) break;
            await tasks.RaiseAsync([.. due.Select(id => TaskStimulus.For(id, m => m.RetryDue, new RetryDue()))], ct);
        }

        var next = await db.Tasks.Where(t => t.Due != null).MinAsync(t => t.Due, ct);
        if (next < _nearest) _nearest = next.Value;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Deadlines could not be looked at ({Problem}); next try soon")]
        public static partial void NotNow(ILogger logger, string problem);
    }
}
