using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Webhooks;

/// <summary>
/// Sends what is in the outbox, each receiver by itself, so that a dead one holds up none of the others. What other coordinators have left, or this one
/// before it was killed, is found by looking now and then.
/// </summary>
internal sealed partial class WebhookSender(
    Outbox outbox, NoticeQueue queue, BatchEnds batches, WebhookClient client, IDatabaseHealth database, TimeProvider clock, ILogger<WebhookSender> logger)
    : BackgroundService, ICommitObserver
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10), Moment = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromHours(1);

    /// <summary>How long something is tried to be told.</summary>
    private static readonly TimeSpan Age = TimeSpan.FromHours(24);

    private readonly SemaphoreSlim _ends = new(0);
    private readonly IReadOnlyList<(Webhook Hook, SemaphoreSlim News)> _hooks = [.. outbox.Hooks.Select(h => (h, new SemaphoreSlim(0)))];

    public void Committed(IReadOnlyList<CommittedTask> tasks)
    {
        foreach (var (task, effects) in tasks)
        {
            if (!effects.Changed || task.Finished is null) continue;
            Wake();
            return;
        }
    }

    public override void Dispose()
    {
        _ends.Dispose();
        foreach (var (_, news) in _hooks) news.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(_hooks.Select(h => LoopAsync(h.News, ct => SendAsync(h.Hook, ct), stoppingToken)).Append(LoopAsync(_ends, LookAsync, stoppingToken)));

    /// <summary>Does one thing again and again: when there is news, and when its time has come.</summary>
    private async Task LoopAsync(SemaphoreSlim news, Func<CancellationToken, Task<TimeSpan>> step, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            var pause = LookAgain;
            try
            {
                pause = await step(ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (database.IsAway(e))
            {
                database.Missed(e);
            }
            catch (Exception e)
            {
                Log.Failed(logger, e);
            }

            try
            {
                if (pause > TimeSpan.Zero) await news.WaitAsync(pause, ct);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Sends what is due to one receiver; gives the pause until the next time.</summary>
    private async Task<TimeSpan> SendAsync(Webhook hook, CancellationToken ct)
    {
        var rows = await queue.TakeAsync(hook.Name, ct);
        for (var i = 0; i < rows.Count && queue.CanSend(rows[i]); i++)
        {
            if (await client.SendAsync(hook, rows[i], ct) is { } problem)
            {
                // The others would fare no better.
                var pause = Pause(rows[i].Tries);
                Log.NotTaken(logger, hook.Name, problem, pause.TotalSeconds);
                await queue.ReleaseAsync([.. rows.Skip(i)], clock.GetUtcNow().UtcDateTime + pause, ct);
                return Moment;
            }

            await queue.DoneAsync(rows[i], ct);
        }

        if (rows.Count > 0) return TimeSpan.Zero;
        var wait = await queue.NextAsync(hook.Name, ct) - clock.GetUtcNow().UtcDateTime ?? LookAgain;
        return wait < Moment ? Moment : wait < LookAgain ? wait : LookAgain;
    }

    private async Task<TimeSpan> LookAsync(CancellationToken ct)
    {
        if (await batches.LookAsync(ct))
        {
            foreach (var (_, news) in _hooks) Signal(news);
            // A batch of which a thousand tasks end in a second is looked at once in that second.
            await Task.Delay(Moment, clock, ct);
            return TimeSpan.Zero;
        }

        if (await queue.GiveUpAsync(Age, ct) is var lost and > 0) Log.GivenUp(logger, lost, Age.TotalHours);
        return LookAgain;
    }

    /// <summary>Twice as long after each failure, and not at the same moment for all that wait.</summary>
    private static TimeSpan Pause(int tries)
    {
        var seconds = Math.Min(LongestPause.TotalSeconds, 2 * Math.Pow(2, Math.Min(tries, 20)));
        return TimeSpan.FromSeconds(seconds * (0.75 + Random.Shared.NextDouble() / 2));
    }

    private void Wake()
    {
        Signal(_ends);
        foreach (var (_, news) in _hooks) Signal(news);
    }

    private static void Signal(SemaphoreSlim news)
    {
        if (news.CurrentCount == 0) news.Release();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Webhook {Hook} did not take what it was sent: {Problem}; tried again in {Seconds:0} s")]
        public static partial void NotTaken(ILogger logger, string hook, string problem, double seconds);

        [LoggerMessage(2, LogLevel.Error, "{Count} messages to webhooks were given up: their receivers took none for {Hours:0} h")]
        public static partial void GivenUp(ILogger logger, int count, double hours);

        [LoggerMessage(3, LogLevel.Error, "What webhooks are to be told could not be sent now; it is tried again")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
