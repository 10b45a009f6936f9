using Scitq.Agent.Parts;
using Scitq.Agent.Runtimes;

namespace Scitq.Agent.Attempts;

/// <summary>Waits for the end of a command, and stops it when it must be: for its user, for whom its lease is, or for its run timeout.</summary>
internal sealed class RunWatch(AttemptPauses pauses, ObservedTasks tasks, AgentOptions options, TimeProvider time)
{
    public async Task<RunExit> WaitAsync(Attempt attempt, IRun run, Outcome outcome, bool adopted)
    {
        using var stopping = attempt.Stopping.Register(() => Stop(attempt, run, attempt.Cause >= StopCause.Killed ? TimeSpan.Zero : options.StopGrace));
        if (attempt.Spec.RunTimeout is not { } seconds)
        {
            pauses.Begin(attempt, run, adopted);
            return await run.Exit;
        }

        var standstill = attempt.Standstill;
        await using var timer = time.CreateTimer(_ =>
        {
            if (standstill.IsThere) return;
            outcome.TimedOut = true;
            Stop(attempt, run, options.StopGrace);
        }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            // Time that it stands still is not run time.
            standstill.Changed = Set;
            Set();
            pauses.Begin(attempt, run, adopted);
            return await run.Exit;
        }
        finally
        {
            standstill.Changed = null;
        }

        // Of an adopted run, what is left since it started.
        void Set()
        {
            var now = time.GetUtcNow().UtcDateTime;
            var left = TimeSpan.FromSeconds(seconds) - (now - run.Started - standstill.Stood(now));
            timer.Change(standstill.IsThere ? Timeout.InfiniteTimeSpan : left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private void Stop(Attempt attempt, IRun run, TimeSpan grace) => tasks.Run($"the stopping of task {attempt.Number}", () => run.StopAsync(grace));
}
