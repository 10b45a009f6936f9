using Scitq.Agent.Logs;
using Scitq.Agent.Runtimes;

namespace Scitq.Agent.Attempts;

/// <summary>What an attempt's command prints, and what the agent adds to that.</summary>
internal sealed class AttemptStreams(LogPump logs, RuntimeSet runtimes)
{
    /// <summary>Says something where people look first: at the end of the task's stderr.</summary>
    public static void Tell(Attempt attempt, string reason)
    {
        try
        {
            File.AppendAllText(attempt.Directory.Stderr, $"scitq: {reason}\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk is full, say: the reason is in the report all the same.
        }
    }

    /// <summary>The command is about to write its streams.</summary>
    public void Follow(Attempt attempt, Outcome outcome)
    {
        if (runtimes.CommandsRun) outcome.Logs = Handle(attempt);
    }

    /// <summary>Returns once all that was printed is stored, or is in the outcome.</summary>
    public async Task CollectAsync(Attempt attempt, Outcome outcome)
    {
        try
        {
            outcome.Logs ??= Handle(attempt);
            outcome.Output = await outcome.Logs.CompleteAsync(attempt.Revoked);
            outcome.Warnings.AddRange(outcome.Output.Lost);
        }
        catch (OperationCanceledException) when (attempt.Revoked.IsCancellationRequested)
        {
            // Nothing more is said about it.
        }
    }

    /// <summary>Ends the streams of an attempt whose command can't say anything more.</summary>
    public async Task EndWithAsync(Attempt attempt, string reason, Outcome outcome)
    {
        if (!runtimes.CommandsRun) return;
        Tell(attempt, reason);
        await CollectAsync(attempt, outcome);
    }

    private LogPump.LogHandle Handle(Attempt attempt) => logs.Follow(attempt.Key, attempt.Directory.Stdout, attempt.Directory.Stderr, attempt.Mask);
}
