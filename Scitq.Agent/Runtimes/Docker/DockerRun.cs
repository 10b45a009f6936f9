using Docker.DotNet;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>One container, from its start (or the moment it was found again) until it is removed.</summary>
internal sealed partial class DockerRun : IRun
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    private readonly DockerEngine _engine;
    private readonly string _container;
    private readonly RunRequest _request;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _detached = new();
    private readonly TaskCompletionSource<RunExit> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Ending> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _watching = Task.CompletedTask;
    private int _stopping;
    private long? _peakMemory;
    private double? _cpuSeconds;

    private DockerRun(DockerEngine engine, string container, RunRequest request, DateTime started, TimeProvider time, ILogger logger)
    {
        (_engine, _container, _request, _time, _logger) = (engine, container, request, time, logger);
        Started = started;
    }

    public DateTime Started { get; }

    public Task<RunExit> Exit => _completion.Task;

    /// <summary>Watches a started container.</summary>
    /// <param name="engine">Its engine.</param>
    /// <param name="container">Its id.</param>
    /// <param name="request">The command that it runs.</param>
    /// <param name="started">When it began.</param>
    /// <param name="attached">Its streams from the very beginning; null takes them from its log, after what the files hold.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public static DockerRun Watch(
        DockerEngine engine, string container, RunRequest request, DateTime started, MultiplexedStream? attached, TimeProvider time, ILogger logger)
    {
        var run = new DockerRun(engine, container, request, started, time, logger);
        run._watching = Task.Run(() => run.WatchAsync(attached));
        return run;
    }

    /// <summary>A run that had ended and been recorded before.</summary>
    public static DockerRun Over(DockerEngine engine, ExitRecord record, RunRequest request, TimeProvider time, ILogger logger)
    {
        var run = new DockerRun(engine, "", request, record.Started, time, logger);
        run._completion.SetResult(record.Exit);
        return run;
    }

    public Task StopAsync(TimeSpan grace) =>
        // Asked again, only "now" says something new.
        Interlocked.Exchange(ref _stopping, 1) == 0 || grace <= TimeSpan.Zero ? EndAsync(grace) : Task.CompletedTask;

    /// <summary>Leaves the container alone, running or not.</summary>
    public async ValueTask DisposeAsync()
    {
        await _detached.CancelAsync();
        await _watching;
    }

    private async Task WatchAsync(MultiplexedStream? attached)
    {
        try
        {
            var asking = AwaitEndAsync();
            var sampling = SampleAsync();
            string? missing;
            using (var files = StreamFiles.Of(_request.Directory, _time))
            {
                await CollectAsync(files, attached);
                missing = files.Problem;
            }

            await asking;
            await sampling;
            var exit = Result(await _ended.Task, missing);
            Record(exit);
            await RemoveAsync();
            _completion.TrySetResult(exit);
        }
        catch (OperationCanceledException) when (_detached.IsCancellationRequested)
        {
            // The agent goes, the container stays: the next agent adopts it.
        }
        catch (Exception e)
        {
            // Nothing may leave a caller waiting for ever, nor a container without a watcher.
            Log.WatchFailed(_logger, e, _container);
            await RemoveAsync();
            _completion.TrySetResult(new RunExit(null, Problem: $"the agent could not watch its container: {e.Message}"));
        }
        finally
        {
            attached?.Dispose();
        }
    }

    private void Record(RunExit exit)
    {
        try
        {
            new ExitRecord(_request.Key.Lease, Started, exit).Save(_request.Directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk, say. How it ended is only lost if this agent dies before its journal has it.
            Log.NotRecorded(_logger, _container, e.Message);
        }
    }

    private async Task EndAsync(TimeSpan grace)
    {
        var since = _time.GetTimestamp();
        var repeats = new Repeats(_time);
        try
        {
            while (!_ended.Task.IsCompleted && !Exit.IsCompleted)
            {
                try
                {
                    if ((await _engine.StateAsync(_container, _detached.Token)).Paused) await _engine.UnpauseAsync(_container, _detached.Token);
                    var left = grace - _time.GetElapsedTime(since);
                    if (left > TimeSpan.Zero) await _engine.StopAsync(_container, left, _detached.Token);
                    else await _engine.KillAsync(_container, _detached.Token);
                }
                catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e))
                {
                    // It may just have ended, or the engine be away: the loop's condition and the next try tell.
                    if (repeats.Says(e.Message)) Log.StopAgain(_logger, _container, e.Message);
                }

                await Task.WhenAny(_ended.Task, Task.Delay(AskAgain, _time, _detached.Token));
            }
        }
        catch (OperationCanceledException)
        {
            // Detached: the next agent decides anew.
        }
    }

    private async Task RemoveAsync()
    {
        for (var attempt = 1; attempt <= 30; attempt++)
        {
            try
            {
                await _engine.RemoveAsync(_container, _detached.Token);
                await _engine.StateAsync(_container, _detached.Token);       // still there: being removed by somebody else
            }
            catch (DockerEngineException e) when (e.NotFound)
            {
                return;
            }
            catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e))
            {
                if (attempt == 30) Log.NotRemoved(_logger, _container, e.Message);
            }
            catch (OperationCanceledException)
            {
                // Detached: the next agent removes it.
                return;
            }

            await Task.Delay(TimeSpan.FromSeconds(Math.Min(attempt, 5)), _time, CancellationToken.None);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The docker engine broke off while container {Container} was awaited, asking again: {Problem}")]
        public static partial void WaitBroke(ILogger logger, string container, string problem);

        [LoggerMessage(2, LogLevel.Information, "Container {Container} could not be stopped yet: {Problem}")]
        public static partial void StopAgain(ILogger logger, string container, string problem);

        [LoggerMessage(3, LogLevel.Warning, "Container {Container} ended and could not be removed; the agent's next start will: {Problem}")]
        public static partial void NotRemoved(ILogger logger, string container, string problem);

        [LoggerMessage(4, LogLevel.Error, "Watching container {Container} failed")]
        public static partial void WatchFailed(ILogger logger, Exception e, string container);

        [LoggerMessage(6, LogLevel.Warning, "How container {Container} ended could not be written down in its task's directory: {Problem}")]
        public static partial void NotRecorded(ILogger logger, string container, string problem);

        [LoggerMessage(5, LogLevel.Information, "The output of container {Container} broke off and is taken from the engine's log: {Problem}")]
        public static partial void OutputBroke(ILogger logger, string container, string problem);
    }
}
