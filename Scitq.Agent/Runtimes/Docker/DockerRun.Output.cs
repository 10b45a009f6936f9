using Docker.DotNet;

namespace Scitq.Agent.Runtimes.Docker;

internal sealed partial class DockerRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    // First the live streams; then, where they broke off or an earlier agent had them, the engine's log of them.
    private async Task CollectAsync(StreamFiles files, MultiplexedStream? attached)
    {
        if (attached is not null && await CopyAttachedAsync(files, attached) && await HasEndedAsync() && !(await _ended.Task).BrokeOff) return;
        for (var failures = 0; failures < 10;)
        {
            var follow = !_ended.Task.IsCompleted;
            try
            {
                if (await CatchUpAsync(files, follow) && !follow) return;
                failures = follow ? 0 : failures + 1;
            }
            catch (DockerEngineException e) when (e.NotFound)
            {
                return;         // removed by somebody else: what there was is in the files
            }
            catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e))
            {
                if (_ended.Task.IsCompleted) failures++;
                Log.OutputBroke(_logger, _container, e.Message);
            }

            await HasEndedAsync();
        }

        files.Note("the end of its output could not be had from the docker engine.");
    }

    // True when the streams ended as they do when the container ends.
    private async Task<bool> CopyAttachedAsync(StreamFiles files, MultiplexedStream attached)
    {
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(_detached.Token);
        var copying = files.CopyAsync(attached, null, null, abandoned.Token);
        try
        {
            await Task.WhenAny(copying, _ended.Task);
            while (!copying.IsCompleted)
            {
                // The container has ended: its streams follow within moments, unless the engine lost them.
                await Task.WhenAny(copying, Task.Delay(AskAgain, _time, _detached.Token));
                if (files.Silence > Patience) await abandoned.CancelAsync();
            }

            await copying;
            return true;
        }
        catch (Exception e) when (DockerEngine.IsUnreachable(e) || (e is OperationCanceledException && !_detached.IsCancellationRequested))
        {
            Log.OutputBroke(_logger, _container, e.Message);
            return false;
        }
    }

    private async Task<bool> HasEndedAsync()
    {
        await Task.WhenAny(_ended.Task, Task.Delay(AskAgain * 2, _time, _detached.Token));
        _detached.Token.ThrowIfCancellationRequested();
        return _ended.Task.IsCompleted;
    }

    // The log is first read without following it, only to find the place after what the files hold: were that place not in the log, a log that is
    // followed would not end before the container does. False: the log changed meanwhile, and has to be read again.
    private async Task<bool> CatchUpAsync(StreamFiles files, bool follow)
    {
        var (stdout, stderr) = (_request.Directory.Stdout, _request.Directory.Stderr);
        using var nowhere = new StreamFiles(Stream.Null, Stream.Null, _time);
        for (var looks = 1; ; looks++)
        {
            var over = _ended.Task.IsCompleted;
            var (first, second) = (LogResume.ByCount(stdout), LogResume.ByCount(stderr));
            await ReadLogAsync(nowhere, false, first, second);
            var whole = !first.Diverged && !second.Diverged;
            if (whole && ((first.Reached && second.Reached) || LogResume.IsSurelyWhole(stdout, stderr)))
            {
                (first, second) = (LogResume.ByCount(stdout), LogResume.ByCount(stderr));
                await ReadLogAsync(files, follow, first, second);
                return !first.Diverged && !second.Diverged;
            }

            (first, second) = (LogResume.ByContent(stdout), LogResume.ByContent(stderr));
            await ReadLogAsync(nowhere, false, first, second);
            var found = first.Found && second.Found;
            // While it runs, the log may be a little behind what was sent to the agent.
            if (!found && !over && looks < 10)
            {
                await Task.Delay(AskAgain / 2, _time, _detached.Token);
                continue;
            }

            if (!found) files.Note("some of what it printed while no agent listened is missing: it was more than the engine's log holds.");
            await ReadLogAsync(files, follow, After(stdout, first.Found), After(stderr, second.Found));
            return true;
        }
    }

    private static LogResume After(string file, bool found) => found ? LogResume.ByContent(file) : LogResume.Everything(file);

    private async Task ReadLogAsync(StreamFiles files, bool follow, LogResume stdout, LogResume stderr)
    {
        using var stream = await _engine.LogsAsync(_container, follow, _detached.Token);
        await files.CopyAsync(stream, stdout, stderr, _detached.Token);
    }
}
