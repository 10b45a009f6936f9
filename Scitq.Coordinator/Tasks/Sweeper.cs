namespace Scitq.Coordinator.Tasks;

/// <summary>
/// Watches the deadlines of retries, which are columns. Several coordinators may sweep at once: each step is fenced by the row's version, so the
/// second finds nothing to do.
/// </summary>
internal sealed partial class Sweeper(ITaskLookup lookup, TaskInbox inbox, IDatabaseHealth database, TimeProvider clock, ILogger<Sweeper> logger)
    : BackgroundService, ICommitObserver
{
    private const int MostAtOnce = 1000;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _wake = new(0);
    private DateTime _nearest = DateTime.MaxValue;

    public void Committed(IReadOnlyList<CommittedTask> saved)
    {
        foreach (var (task, _) in saved)
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
                if (!database.IsAway(e)) Log.NotNow(logger, e.Message);
            }

            var pause = _nearest - clock.GetUtcNow().UtcDateTime;
            await _wake.WaitAsync(pause < TimeSpan.Zero ? TimeSpan.FromMilliseconds(100) : pause < Longest ? pause : Longest, stoppingToken);
        }
    }

    private async Task RetryAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        _nearest = DateTime.MaxValue;
        while (await lookup.DueAsync(now, MostAtOnce, ct) is { Count: > 0 } due)
            await inbox.RaiseAsync([.. due.Select(id => TaskStimulus.For(id, m => m.RetryDue, new RetryDue()))], ct);
        if (await lookup.NextDueAsync(ct) is { } next && next < _nearest) _nearest = next;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Deadlines could not be looked at ({Problem}); next try soon")]
        public static partial void NotNow(ILogger logger, string problem);
    }
}
