using Scitq.Agent.Files;

namespace Scitq.Agent.Runtimes.Docker;

internal sealed partial class DockerRun
{
    // A connection that breaks says nothing about the container: the engine may be restarting beside it.
    private async Task AwaitEndAsync()
    {
        var brokeOff = false;
        while (true)
        {
            try
            {
                await _engine.WaitAsync(_container, _detached.Token);
            }
            catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e))
            {
                if (!brokeOff) Log.WaitBroke(_logger, _container, e.Message);
                brokeOff = true;
            }

            try
            {
                var state = await _engine.StateAsync(_container, _detached.Token);
                if (state.Status is "exited" or "dead")
                {
                    _ended.SetResult(new Ending((int)state.ExitCode, state.OOMKilled, state.Error, brokeOff));
                    return;
                }

                brokeOff = false;
            }
            catch (DockerEngineException e) when (e.NotFound)
            {
                _ended.SetResult(new Ending(null, false, null, brokeOff));
                return;
            }
            catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e))
            {
                brokeOff = true;
            }

            await Task.Delay(AskAgain, _time, _detached.Token);
        }
    }

    private RunExit Result(Ending end, string? missing)
    {
        var problem = end switch
        {
            { Code: null } => "its container was removed by somebody else while it ran; its exit code is lost.",
            _ when TakenAlong(end) =>
                "the docker engine was stopped or killed and took its container along (\"live-restore\" in the engine's settings prevents that).",
            { OomKilled: true, Code: 0 } => "the kernel killed a process of it for want of memory, though the command itself ended with 0.",
            { OomKilled: true } => "the kernel killed a process of it for want of memory: give it more with -m, or a larger worker.",
            { Error.Length: > 0 } => end.Error,
            { Code: 126 or 127 } when InitFailed() =>
                $"its program '{(_request.Spec.Argv is [var program, ..] ? program : "")}' is not in the image, or can't be executed there.",
            _ => null,
        };
        return new RunExit(TakenAlong(end) ? null : end.Code, end.OomKilled, _peakMemory, _cpuSeconds, problem, OutputLost: missing);
    }

    // Codes an engine's end leaves behind where live-restore is off; nobody here asked for them.
    private bool TakenAlong(Ending end) => end is { Code: 137 or 143 or 255, BrokeOff: true, OomKilled: false } && _stopping == 0;

    // The init is what the engine starts; that the program behind it can't be, it says in the command's place.
    private bool InitFailed()
    {
        Span<byte> start = stackalloc byte[12];
        RegularFile.Check(_request.Directory.Stderr);
        using var stderr = new FileStream(_request.Directory.Stderr, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return stderr.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual("[FATAL tini "u8);
    }

    // Best effort: what a short command used is not known.
    private async Task SampleAsync()
    {
        for (var pause = TimeSpan.FromSeconds(0.5); ; pause = TimeSpan.FromSeconds(Math.Min(15, pause.TotalSeconds * 2)))
        {
            await Task.WhenAny(_ended.Task, Task.Delay(pause, _time, _detached.Token));
            if (_ended.Task.IsCompleted || _detached.IsCancellationRequested) return;
            try
            {
                var stats = await _engine.StatsAsync(_container, _detached.Token);
                if (Math.Max(stats?.MemoryStats?.Usage ?? 0, stats?.MemoryStats?.MaxUsage ?? 0) is > 0 and var bytes)
                    _peakMemory = Math.Max(_peakMemory ?? 0, (long)bytes);
                if (stats?.CPUStats?.CPUUsage?.TotalUsage is > 0 and var nanoseconds) _cpuSeconds = Math.Max(_cpuSeconds ?? 0, nanoseconds / 1e9);
            }
            catch (Exception e) when (e is DockerEngineException or OperationCanceledException || DockerEngine.IsUnreachable(e))
            {
                // A figure less.
            }
        }
    }

    /// <param name="Code">Its exit code; null when the container is gone.</param>
    /// <param name="OomKilled">Whether the kernel killed a process of it.</param>
    /// <param name="Error">Why the engine could not go on with it.</param>
    /// <param name="BrokeOff">Whether the engine was away when it ended.</param>
    private sealed record Ending(int? Code, bool OomKilled, string? Error, bool BrokeOff);
}
