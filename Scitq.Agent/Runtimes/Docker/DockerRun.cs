using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>One container, from its start (or the moment it was found again) until it is removed.</summary>
internal sealed partial class DockerRun : IRun
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    private readonly DockerEngine engine;
    private readonly string container;
    private readonly RunRequest request;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly CancellationTokenSource detached = new();
    private readonly TaskCompletionSource<RunExit> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Ending> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task watching = Task.CompletedTask;
    private int stopping;
    private long? peakMemory;
    private double? cpuSeconds;

    private DockerRun(DockerEngine engine, string container, RunRequest request, DateTime started, TimeProvider time, ILogger logger)
    {
        (this.engine, this.container, this.request, this.time, this.logger) = (engine, container, request, time, logger);
        Started = started;
    }

    public DateTime Started { get; }

    public Task<RunExit> Exit => completion.Task;

    /// <summary>Watches a started container.</summary>
    /// <param name="attached">Its streams from the very beginning; null takes them from its log, after what the files hold.</param>
    public static DockerRun Watch(DockerEngine engine, string container, RunRequest request, DateTime started, HttpResponseMessage? attached, TimeProvider time, ILogger logger)
    {
        var run = new DockerRun(engine, container, request, started, time, logger);
        run.watching = Task.Run(() => run.WatchAsync(attached));
        return run;
    }

    /// <summary>A run that had ended and been recorded before.</summary>
    public static DockerRun Over(DockerEngine engine, ExitRecord record, RunRequest request, TimeProvider time, ILogger logger)
    {
        var run = new DockerRun(engine, "", request, record.Started, time, logger);
        run.completion.SetResult(record.Exit);
        return run;
    }

    public void Stop(TimeSpan grace)
    {
        // Asked again, only "now" says something new.
        if (Interlocked.Exchange(ref stopping, 1) == 0 || grace <= TimeSpan.Zero) _ = StopAsync(grace);
    }

    /// <summary>Leaves the container alone, running or not.</summary>
    public async ValueTask DisposeAsync()
    {
        await detached.CancelAsync();
        await watching;
    }

    private async Task WatchAsync(HttpResponseMessage? attached)
    {
        try
        {
            var asking = AwaitEndAsync();
            var sampling = SampleAsync();
            string? missing;
            using (var files = StreamFiles.Of(request.Directory))
            {
                await CollectAsync(files, attached);
                missing = files.Problem;
            }

            await asking;
            await sampling;
            var exit = Result(await ended.Task, missing);
            new ExitRecord(request.Key.Lease, Started, exit).Save(request.Directory);
            await RemoveAsync();
            completion.TrySetResult(exit);
        }
        catch (OperationCanceledException) when (detached.IsCancellationRequested)
        {
            // The agent goes, the container stays: the next agent adopts it.
        }
        catch (Exception e)
        {
            // Nothing may leave a caller waiting for ever, nor a container without a watcher.
            LogWatchFailed(e, container);
            await RemoveAsync();
            completion.TrySetResult(new RunExit(null, Problem: $"the agent could not watch its container: {e.Message}"));
        }
        finally
        {
            attached?.Dispose();
        }
    }

    // A connection that breaks says nothing about the container: the engine may be restarting beside it.
    private async Task AwaitEndAsync()
    {
        var brokeOff = false;
        while (true)
        {
            try
            {
                await engine.WaitAsync(container, "not-running", detached.Token);
            }
            catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e))
            {
                if (!brokeOff) LogWaitBroke(container, e.Message);
                brokeOff = true;
            }

            try
            {
                var state = (await engine.InspectAsync(container, detached.Token)).GetProperty("State");
                if (state.GetProperty("Status").GetString() is "exited" or "dead")
                {
                    ended.SetResult(new Ending(state.GetProperty("ExitCode").GetInt32(), state.GetProperty("OOMKilled").GetBoolean(), state.GetProperty("Error").GetString(), brokeOff));
                    return;
                }

                brokeOff = false;
            }
            catch (DockerEngineException e) when (e.NotFound)
            {
                ended.SetResult(new Ending(null, false, null, brokeOff));
                return;
            }
            catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e))
            {
                brokeOff = true;
            }

            await Task.Delay(AskAgain, time, detached.Token);
        }
    }

    private RunExit Result(Ending end, string? missing)
    {
        var problem = end switch
        {
            { Code: null } => "its container was removed by somebody else while it ran; its exit code is lost.",
            // Codes an engine's end leaves behind where live-restore is off; nobody here asked for them.
            { Code: 137 or 143 or 255, BrokeOff: true, OomKilled: false } when stopping == 0 => "the docker engine was stopped or killed and took its container along (\"live-restore\" in the engine's settings prevents that).",
            { OomKilled: true, Code: 0 } => "the kernel killed a process of it for want of memory, though the command itself ended with 0.",
            { OomKilled: true } => "the kernel killed a process of it for want of memory: give it more with -m, or a larger worker.",
            { Error.Length: > 0 } => end.Error,
            { Code: 126 or 127 } when InitFailed() => $"its program '{(request.Spec.Argv is [var program, ..] ? program : "")}' is not in the image, or can't be executed there.",
            _ => null,
        };
        var lost = end.Code is null || (end is { Code: 137 or 143 or 255, BrokeOff: true, OomKilled: false } && stopping == 0);
        return new RunExit(lost ? null : end.Code, end.OomKilled, peakMemory, cpuSeconds, problem, OutputLost: missing);
    }

    // The init is what the engine starts; that the program behind it can't be, it says in the command's place.
    private bool InitFailed()
    {
        Span<byte> start = stackalloc byte[12];
        using var stderr = new FileStream(request.Directory.Stderr, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return stderr.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual("[FATAL tini "u8);
    }

    private async Task StopAsync(TimeSpan grace)
    {
        var since = time.GetTimestamp();
        var repeats = new Repeats(time);
        try
        {
            while (!ended.Task.IsCompleted && !Exit.IsCompleted)
            {
                try
                {
                    var state = (await engine.InspectAsync(container, detached.Token)).GetProperty("State");
                    if (state.GetProperty("Paused").GetBoolean()) await engine.UnpauseAsync(container, detached.Token);
                    var left = grace - time.GetElapsedTime(since);
                    if (left > TimeSpan.Zero) await engine.StopAsync(container, left, detached.Token);
                    else await engine.KillAsync(container, detached.Token);
                }
                catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e))
                {
                    // It may just have ended, or the engine be away: the loop's condition and the next try tell.
                    if (repeats.Says(e.Message)) LogStopAgain(container, e.Message);
                }

                await Task.WhenAny(ended.Task, Task.Delay(AskAgain, time, detached.Token));
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
                await engine.RemoveAsync(container, detached.Token);
                await engine.InspectAsync(container, detached.Token);       // still there: being removed by somebody else
            }
            catch (DockerEngineException e) when (e.NotFound)
            {
                return;
            }
            catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e))
            {
                if (attempt == 30) LogNotRemoved(container, e.Message);
            }
            catch (OperationCanceledException)
            {
                // Detached: the next agent removes it.
                return;
            }

            await Task.Delay(TimeSpan.FromSeconds(Math.Min(attempt, 5)), time, CancellationToken.None);
        }
    }

    // Best effort: what a short command used is not known.
    private async Task SampleAsync()
    {
        for (var pause = TimeSpan.FromSeconds(0.5); ; pause = TimeSpan.FromSeconds(Math.Min(15, pause.TotalSeconds * 2)))
        {
            await Task.WhenAny(ended.Task, Task.Delay(pause, time, detached.Token));
            if (ended.Task.IsCompleted || detached.IsCancellationRequested) return;
            try
            {
                var stats = await engine.GetAsync($"containers/{container}/stats?stream=0&one-shot=1", detached.Token);
                if (stats.TryGetProperty("memory_stats", out var memory))
                {
                    foreach (var figure in (ReadOnlySpan<string>)["usage", "max_usage"])
                        if (memory.TryGetProperty(figure, out var value) && value.TryGetInt64(out var bytes) && bytes > (peakMemory ?? 0)) peakMemory = bytes;
                }

                if (stats.TryGetProperty("cpu_stats", out var cpu) && cpu.TryGetProperty("cpu_usage", out var usage)
                    && usage.TryGetProperty("total_usage", out var total) && total.TryGetInt64(out var nanoseconds) && nanoseconds > 0)
                    cpuSeconds = Math.Max(cpuSeconds ?? 0, nanoseconds / 1e9);
            }
            catch (Exception e) when (e is DockerEngineException or JsonException or OperationCanceledException || DockerEngine.IsUnreachable(e))
            {
                // A figure less.
            }
        }
    }

    /// <summary>When the engine's <c>State.StartedAt</c> says it began.</summary>
    public static DateTime StartedAt(JsonElement state) =>
        DateTime.Parse(state.GetProperty("StartedAt").GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The docker engine broke off while container {Container} was awaited, asking again: {Problem}")]
    private partial void LogWaitBroke(string container, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Container {Container} could not be stopped yet: {Problem}")]
    private partial void LogStopAgain(string container, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Container {Container} ended and could not be removed; the agent's next start will: {Problem}")]
    private partial void LogNotRemoved(string container, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "Watching container {Container} failed")]
    private partial void LogWatchFailed(Exception e, string container);

    /// <param name="BrokeOff">Whether the engine was away when it ended.</param>
    private sealed record Ending(int? Code, bool OomKilled, string? Error, bool BrokeOff);
}
