using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>Brings an attempt through its stages, and whatever goes wrong on the way to an end that its user is told.</summary>
internal sealed partial class AttemptRunner(
    AttemptStages stages, AttemptStreams streams, Masking masking, DiskRelief disk, TimeProvider time, ILogger<AttemptRunner> logger)
{
    /// <summary>Runs the attempt to its end, whatever that is, and hands back its last report; null when nothing may be said or left of it.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="adopted">Its run, when an earlier process of this agent started it.</param>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever goes wrong with one attempt is its end, told to its user; the agent goes on.")]
    public async Task<AttemptReport?> RunAsync(Attempt attempt, Runtimes.IRun? adopted)
    {
        var outcome = new Outcome(time.GetTimestamp());
        try
        {
            await stages.RunAsync(attempt, adopted, outcome);
        }
        catch (OperationCanceledException) when (attempt.Stopping.IsCancellationRequested)
        {
            // Stopped before the command started, or while its output was collected.
        }
        catch (Exception e)
        {
            var (failure, reason) = Failures.Classify(e, outcome.Stage);
            if (failure is null) Log.Unexpected(logger, e, attempt.Number);
            outcome.Fail(failure ?? FailureClass.Start, reason);
            disk.GiveRoom(attempt);
            if (outcome.Exit is null) await streams.EndWithAsync(attempt, reason, outcome);
        }
        finally
        {
            outcome.Logs?.Dispose();
        }

        return EndReport.Of(attempt, outcome, time.GetUtcNow().UtcDateTime);
    }

    /// <summary>The end of an attempt of which nobody can tell any more what became of it: what is there of its output is kept, nothing is delivered.</summary>
    public async Task<AttemptReport?> LoseAsync(Attempt attempt, string problem)
    {
        var outcome = new Outcome(time.GetTimestamp());
        outcome.Fail(FailureClass.Lost, problem);
        masking.ApplyAgain(attempt, outcome);
        await streams.EndWithAsync(attempt, problem, outcome);
        outcome.Logs?.Dispose();
        return EndReport.Of(attempt, outcome, time.GetUtcNow().UtcDateTime);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "An attempt of task {Number} failed in an unforeseen way.")]
        public static partial void Unexpected(ILogger logger, Exception e, long number);
    }
}
