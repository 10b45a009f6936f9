using System.Runtime.CompilerServices;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Retention;

/// <summary>
/// Removes what is no longer kept, every hour and when asked, in small transactions and at most half of the time, so that all else goes on beside it. Several
/// coordinators may do the same at once: what the other has removed is not there any more.
/// </summary>
internal sealed partial class Pruner(
    RetentionRules rules, EndedTasks tasks, OldLogs oldLogs, OldEvents events, LogStore logs, IDatabaseHealth database, TimeProvider clock,
    ILogger<Pruner> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);
    private static readonly TimeSpan AfterStart = TimeSpan.FromMinutes(1);
    private readonly SemaphoreSlim _asked = new(0);

    /// <summary>Does it now instead of within the hour.</summary>
    public void Ask()
    {
        if (_asked.CurrentCount == 0) _asked.Release();
    }

    /// <summary>How much would be removed now; null when everything is kept for ever.</summary>
    public async Task<Pruned?> LookAsync(CancellationToken ct)
    {
        var now = await rules.ReadAsync(ct);
        if (now.IsEmpty) return null;
        var found = new Pruned();
        foreach (var rule in now.Tasks) found = found with { Tasks = found.Tasks + await tasks.CountAsync(rule, ct) };
        await foreach (var (_, bytes) in oldLogs.FindAsync(now.Logs, ct)) found = found with { Logs = found.Logs + 1, LogBytes = found.LogBytes + bytes };
        return now.EventsBefore is { } before ? found with { Events = await events.CountAsync(before, ct) } : found;
    }

    /// <summary>Removes all that is no longer kept.</summary>
    public async Task<Pruned> PruneAsync(CancellationToken ct)
    {
        var done = new Pruned();
        await foreach (var step in StepsAsync(await rules.ReadAsync(ct), ct))
        {
            done = new Pruned(done.Tasks + step.Tasks, done.Logs + step.Logs, done.LogBytes + step.LogBytes, done.Events + step.Events);
        }

        return done;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = AfterStart;
        while (true)
        {
            await AskedAsync(pause, stoppingToken);
            pause = Every;
            try
            {
                var done = await PruneAsync(stoppingToken);
                if (!done.IsNothing) Log.Done(logger, done.Tasks, done.Logs, done.LogBytes, done.Events);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // What is left is found the next time.
                if (!database.IsAway(e)) Log.NotNow(logger, e.Message);
            }
        }
    }

    private async Task AskedAsync(TimeSpan pause, CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAny(_asked.WaitAsync(over.Token), Task.Delay(pause, clock, over.Token));
        await over.CancelAsync();
        stopping.ThrowIfCancellationRequested();
    }

    private async IAsyncEnumerable<Pruned> StepsAsync(RetentionRules.InForce now, [EnumeratorCancellation] CancellationToken ct)
    {
        var begun = clock.GetTimestamp();
        foreach (var rule in now.Tasks)
        {
            await foreach (var removed in tasks.RemoveAsync(rule, ct))
            {
                yield return new Pruned { Tasks = removed };
                await RestAsync();
            }
        }

        await foreach (var (task, bytes) in oldLogs.FindAsync(now.Logs, ct))
        {
            logs.Remove(task);
            yield return new Pruned { Logs = 1, LogBytes = bytes };
        }

        if (now.EventsBefore is not { } before) yield break;
        begun = clock.GetTimestamp();
        while (await events.RemoveSomeAsync(before, ct) is > 0 and var gone)
        {
            yield return new Pruned { Events = gone };
            await RestAsync();
        }

        async Task RestAsync()
        {
            await Task.Delay(clock.GetElapsedTime(begun), clock, ct);
            begun = clock.GetTimestamp();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "No longer kept and removed: {Tasks} tasks, the output of {Logs} others ({Bytes} bytes), {Events} events")]
        public static partial void Done(ILogger logger, long tasks, long logs, long bytes, long events);

        [LoggerMessage(2, LogLevel.Warning, "Ended tasks could not be removed ({Problem}); it is tried again within the hour")]
        public static partial void NotNow(ILogger logger, string problem);
    }
}
