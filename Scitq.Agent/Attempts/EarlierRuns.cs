using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Parts;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Slots;

namespace Scitq.Agent.Attempts;

/// <summary>Finds out what became of the commands that an earlier process of this agent may have started.</summary>
internal sealed partial class EarlierRuns(RuntimeSet runtimes, Capacity capacity, AgentOptions options, TimeProvider time, ILogger<EarlierRuns> logger)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(2);

    // Whoever is stopped or cancelled in these moments had better be adopted first: then it gets its grace, and its output is kept.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    /// <summary>Asks the runtime until it knows, or until time is over.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps it from being told is tried again, and is the reason in the end.")]
    public async Task<EarlierRun> FindAsync(Attempt attempt, CancellationToken stop)
    {
        var request = RunRequests.Of(attempt, options, capacity.Concurrency);
        var repeats = new Repeats(time);
        using var patience = new CancellationTokenSource(options.ResumeTimeout, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
        await using var stopped = attempt.Stopping.Register(() => patience.CancelAfter(StopPatience));
        var problem = "no answer";
        while (true)
        {
            try
            {
                var run = await runtimes.OfEarlier(attempt.Spec).AdoptAsync(request, over.Token);
                return run is null ? new EarlierRun.NotStarted() : new EarlierRun.Started(run);
            }
            catch (OperationCanceledException) when (over.IsCancellationRequested)
            {
                // Given up, below.
            }
            catch (Exception e)
            {
                problem = e.Message;
                if (repeats.Says(problem)) Log.NotAdopted(logger, attempt.Number, problem);
            }

            await Task.WhenAny(Task.Delay(AskAgain, time, over.Token));
            if (over.IsCancellationRequested) return new EarlierRun.Unknown(Reason(attempt, problem));
        }
    }

    /// <summary>Ends the command of an attempt that is given up, if it was started.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "It is tried again by the runtime; the attempt is over all the same.")]
    public async Task AbandonAsync(Attempt attempt, string problem, CancellationToken stop)
    {
        Log.GivenUp(logger, attempt.Number, problem);
        try
        {
            await runtimes.OfEarlier(attempt.Spec).AbandonAsync(RunRequests.Of(attempt, options, capacity.Concurrency), stop);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            Log.NotRemoved(logger, attempt.Number, e.Message);
        }
    }

    private string Reason(Attempt attempt, string problem)
    {
        if (attempt.Stopping.IsCancellationRequested) return $"it was to be stopped while it could not be told whether its command still ran: {problem}";
        var patience = $"{options.ResumeTimeout.TotalSeconds:0} s (--resume-timeout)";
        return $"it could not be told within {patience} of the agent's start whether its command still ran: {problem}";
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "It can't be told whether task {Number} still runs: {Problem} Asking again.")]
        public static partial void NotAdopted(ILogger logger, long number, string problem);

        [LoggerMessage(Level = LogLevel.Error, Message = "Task {Number} is given up: {Problem}")]
        public static partial void GivenUp(ILogger logger, long number, string problem);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The process or container of task {Number}, which is given up, could not be removed: {Problem}")]
        public static partial void NotRemoved(ILogger logger, long number, string problem);
    }
}
