using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Attempts;
using Scitq.Agent.Logs;
using Scitq.Agent.Runtimes;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <content>
/// Takes up what the journal names of an earlier process, which may have been killed at any point between the grant and the end. Whether the
/// command was started must be known before anything is decided; if it can't be known in time, it is ended as well as can be and reported lost.
/// </content>
internal sealed partial class Worker
{
    private static readonly TimeSpan s_askAgain = TimeSpan.FromSeconds(2);

    // Whoever is stopped or cancelled in these moments had better be adopted first: then it gets its grace, and its output is kept.
    private static readonly TimeSpan s_stopPatience = TimeSpan.FromSeconds(5);

    private async Task ResumeAsync(Attempt attempt)
    {
        if (attempt.Redelivers is not null)
        {
            await RunAsync(attempt, adopted: null);
            return;
        }

        var (run, problem) = await AdoptAsync(attempt);
        if (_stop.IsCancellationRequested) return;
        if (problem is not null)
        {
            await GiveUpAsync(attempt, problem);
            return;
        }

        if (run is not null)
        {
            attempt.Adopted();
            _slots.Seize();
            // The agent before may have been killed before it could.
            _reporter.Post(new AttemptReport { Key = attempt.Key, Stage = AttemptStage.Running, Started = run.Started });
        }
        else
        {
            attempt.NotStarted();
            if (_draining) attempt.Stop(StopCause.Released);
            // What it may have staged is not known to be whole.
            _directories.Delete(attempt.Directory.Root);
        }

        await RunAsync(attempt, run);
    }

    /// <summary>Its run, or none; with a problem when that can't be told.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps it from being told is tried again, and is the reason in the end.")]
    private async Task<(IRun? Run, string? Problem)> AdoptAsync(Attempt attempt)
    {
        var request = RuntimeSet.Request(attempt, _options, _settings.Concurrency);
        var repeats = new Repeats(_time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        over.CancelAfter(_options.ResumeTimeout);
        await using var stopped = attempt.Stopping.Register(() => over.CancelAfter(s_stopPatience));
        var problem = "no answer";
        while (true)
        {
            try
            {
                return (await _runtimes.OfEarlier(attempt.Spec).AdoptAsync(request, over.Token), null);
            }
            catch (OperationCanceledException) when (over.IsCancellationRequested)
            {
                // Given up, below.
            }
            catch (Exception e)
            {
                problem = e.Message;
                if (repeats.Says(problem)) NotAdopted(_logger, attempt.Number, problem);
            }

            await Task.WhenAny(Task.Delay(s_askAgain, _time, over.Token));
            if (!over.IsCancellationRequested) continue;
            return (null, attempt.Stopping.IsCancellationRequested
                ? $"it was to be stopped while it could not be told whether its command still ran: {problem}"
                : $"it could not be told within {_options.ResumeTimeout.TotalSeconds:0} s (--resume-timeout) of the agent's start whether its command still ran: {problem}");
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "It is tried again by the runtime; the attempt is over all the same.")]
    private async Task GiveUpAsync(Attempt attempt, string problem)
    {
        GivenUp(_logger, attempt.Number, problem);
        try
        {
            await _runtimes.OfEarlier(attempt.Spec).AbandonAsync(RuntimeSet.Request(attempt, _options, _settings.Concurrency), _stop.Token);
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            NotRemoved(_logger, attempt.Number, e.Message);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        await EndAsync(attempt, await _runner.LoseAsync(attempt, problem));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "It can't be told whether task {Number} still runs: {Problem} Asking again.")]
    private static partial void NotAdopted(ILogger logger, long number, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "Task {Number} is given up: {Problem}")]
    private static partial void GivenUp(ILogger logger, long number, string problem);
}
