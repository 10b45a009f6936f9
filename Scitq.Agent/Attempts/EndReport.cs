using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>Says in the last report of an attempt how it ended.</summary>
internal static class EndReport
{
    /// <summary>The report; null when nothing may be said of the attempt.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="now">The time (UTC).</param>
    public static AttemptReport? Of(Attempt attempt, Outcome outcome, DateTime now) => attempt.Cause switch
    {
        StopCause.Revoked => null,
        StopCause.Released => new AttemptReport { Key = attempt.Key, Stage = AttemptStage.Released },
        _ => new AttemptReport
        {
            Key = attempt.Key,
            Stage = AttemptStage.Ended,
            Started = outcome.Started,
            Output = outcome.Output is { Inline.Count: > 0 } output ? output.Inline : null,
            Result = Result(attempt, outcome, now),
        },
    };

    private static AttemptResult Result(Attempt attempt, Outcome outcome, DateTime now)
    {
        // Stopped without its user's will, it is lost to its worker: it runs again, at no cost to its retries.
        FailureClass? stopped = !IsStopped(attempt, outcome) ? null : attempt.Cause == StopCause.Evicted ? FailureClass.Lost : FailureClass.Cancelled;
        return new AttemptResult
        {
            Failure = stopped ?? outcome.Failure,
            Reason = stopped switch
            {
                null => outcome.Reason,
                FailureClass.Lost => "its worker had to leave without waiting for it",
                _ => attempt.StopReason ?? "its user cancelled it",
            },
            ExitCode = outcome.Exit?.ExitCode,
            RunEnded = outcome.RunEnded,
            Finished = now,
            StdoutBytes = outcome.Output?.Stdout ?? 0,
            StderrBytes = outcome.Output?.Stderr ?? 0,
            PeakMemory = outcome.Exit?.PeakMemory,
            CpuSeconds = outcome.Exit?.CpuSeconds,
            BytesIn = outcome.BytesIn,
            BytesOut = outcome.BytesOut,
            Outputs = outcome.Outputs,
            Warnings = outcome.Warnings,
            Cache = ResultReuse.RecordOf(attempt, outcome),
        };
    }

    /// <summary>One that had ended well before it was to be stopped, and has nothing to deliver, is done.</summary>
    private static bool IsStopped(Attempt attempt, Outcome outcome) => (attempt.IsCancelled || attempt.Cause == StopCause.Evicted)
        && (outcome.StoppedByUser || outcome.Exit?.ExitCode != 0 || outcome.Failure is not null || attempt.Spec.Output is not null);
}
