using Microsoft.Extensions.Logging;

namespace Scitq.Agent.Runtimes.Docker;

internal sealed partial class DockerRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    // First the live streams; then, where they broke off or an earlier agent had them, the engine's log of them.
    private async Task CollectAsync(StreamFiles files, HttpResponseMessage? attached)
    {
        if (attached is not null && await CopyAttachedAsync(files, attached) && await HasEndedAsync() && !(await ended.Task).BrokeOff) return;
        for (var failures = 0; failures < 10;)
        {
            var follow = !ended.Task.IsCompleted;
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
                if (ended.Task.IsCompleted) failures++;
                LogOutputBroke(container, e.Message);
            }

            await HasEndedAsync();
        }

        files.Note("the end of its output could not be had from the docker engine.");
    }

    // True when the streams ended as they do when the container ends.
    private async Task<bool> CopyAttachedAsync(StreamFiles files, HttpResponseMessage attached)
    {
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(detached.Token);
        await using var stream = await attached.Content.ReadAsStreamAsync(detached.Token);
        var copying = files.CopyAsync(stream, null, null, abandoned.Token);
        try
        {
            await Task.WhenAny(copying, ended.Task);
            while (!copying.IsCompleted)
            {
                // The container has ended: its streams follow within moments, unless the engine lost them.
                await Task.WhenAny(copying, Task.Delay(AskAgain, time, detached.Token));
                if (Environment.TickCount64 - files.LastBytes > Patience.TotalMilliseconds) await abandoned.CancelAsync();
            }

            await copying;
            return true;
        }
        catch (Exception e) when (DockerEngine.IsUnreachable(e) || (e is OperationCanceledException && !detached.IsCancellationRequested))
        {
            LogOutputBroke(container, e.Message);
            return false;
        }
    }

    private async Task<bool> HasEndedAsync()
    {
        await Task.WhenAny(ended.Task, Task.Delay(AskAgain * 2, time, detached.Token));
        detached.Token.ThrowIfCancellationRequested();
        return ended.Task.IsCompleted;
    }

    // The log is read once only to look, for what is not in it must not be waited for while a container runs. False: once more.
    private async Task<bool> CatchUpAsync(StreamFiles files, bool follow)
    {
        var (stdout, stderr) = (request.Directory.Stdout, request.Directory.Stderr);
        using var nowhere = new StreamFiles(Stream.Null, Stream.Null);
        for (var looks = 1; ; looks++)
        {
            var over = ended.Task.IsCompleted;
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
                await Task.Delay(AskAgain / 2, time, detached.Token);
                continue;
            }

            if (!found) files.Note("some of what it printed while no agent listened is missing: it was more than the engine's log holds.");
            await ReadLogAsync(files, follow, first.Found ? LogResume.ByContent(stdout) : LogResume.Everything(stdout), second.Found ? LogResume.ByContent(stderr) : LogResume.Everything(stderr));
            return true;
        }
    }

    private async Task ReadLogAsync(StreamFiles files, bool follow, LogResume stdout, LogResume stderr)
    {
        using var answer = await engine.LogsAsync(container, follow, detached.Token);
        await using var stream = await answer.Content.ReadAsStreamAsync(detached.Token);
        await files.CopyAsync(stream, stdout, stderr, detached.Token);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The output of container {Container} broke off and is taken from the engine's log: {Problem}")]
    private partial void LogOutputBroke(string container, string problem);
}
