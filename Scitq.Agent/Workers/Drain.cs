using Scitq.Agent.Attempts;

namespace Scitq.Agent.Workers;

/// <summary>Empties the worker: it takes nothing more, gives back what has not started, waits for what runs, and leaves.</summary>
internal sealed class Drain(
    AttemptTable attempts, SettingsInForce settings, Registration registration, Farewell farewell, AgentOptions options, TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AcknowledgePatience = TimeSpan.FromSeconds(15);

    /// <summary>Returns once the worker is empty, or need not be waited for any longer.</summary>
    /// <param name="run">The agent's run, without which nothing ends in order.</param>
    /// <param name="ct">Ends the waiting.</param>
    public async Task RunAsync(Task run, CancellationToken ct)
    {
        attempts.Drain();
        settings.Renew();
        foreach (var attempt in attempts.All) attempt.Stop(StopCause.Released);
        if (!registration.First.IsCompletedSuccessfully) return;
        if (!await WaitAsync(() => attempts.All.All(a => a.End is not null || a.Standstill.IsThere), options.DrainTimeout, run, ct)) return;
        if (!await WaitAsync(() => attempts.All.All(a => a.End is null), AcknowledgePatience, run, ct)) return;
        // What stands still may do so for days: the next agent takes it up, as after a time that was too short.
        if (attempts.Count > 0) return;
        await farewell.SayAsync();
    }

    private async Task<bool> WaitAsync(Func<bool> done, TimeSpan? patience, Task run, CancellationToken ct)
    {
        var since = time.GetTimestamp();
        while (!done())
        {
            if (ct.IsCancellationRequested || patience < time.GetElapsedTime(since) || run.IsCompleted) return false;
            await attempts.Ended.WaitAsync(Look, CancellationToken.None);
        }

        return true;
    }
}
