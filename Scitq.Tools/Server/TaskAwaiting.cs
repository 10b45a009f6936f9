using System.Text.Json;

namespace Scitq.Tools.Server;

/// <summary>Stays with tasks until they end: <c>--wait</c>, <c>--follow</c>, <c>task wait</c>.</summary>
internal sealed class TaskAwaiting(RestClient rest, ToolIo io, string program, TimeSpan timeout)
{
    private readonly Patience _patience = Patience.ForWaiting(timeout);

    /// <summary>Exits with the task's own code.</summary>
    public async Task<int> OfOneAsync(string id, bool follow, bool quiet, CancellationToken cancel = default)
    {
        io.WatchInterrupts();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, io.Interrupted);
        await using var notes = Notes(() => id, quiet, new ProgressText(io, quiet));
        try
        {
            JsonElement task;
            if (follow)
            {
                var follower = new TaskFollower(rest, io, program, _patience) { Output = io.Output, ErrorOutput = io.ErrorOutput, Notes = !quiet };
                task = await follower.FollowAsync(id, either.Token);
            }
            else
            {
                task = await new TaskWaiter(rest, _patience).WaitAsync(id, either.Token);
            }

            await notes.DisposeAsync();
            if (!quiet) io.Error.WriteLine(Display.Clean(TaskEnd.Describe(task)));
            return TaskEnd.ExitCode(task);
        }
        catch (OperationCanceledException) when (io.Interrupted.IsCancellationRequested)
        {
            io.Error.WriteLine($"{program}: interrupted; task {id} goes on (stop it: scitq-manage task cancel -i {id})");
            return ExitCodes.Interrupted;
        }
        catch (ToolException e) when (e.ExitCode == ExitCodes.Unreachable)
        {
            // The task may well go on; what failed is our knowledge of it.
            throw new ToolException(ExitCodes.ScitqFailed, e.Code, $"task {id} may go on, but {e.Message}", $"Ask again: scitq-manage task wait -i {id}", e);
        }
    }

    /// <summary>Exits with 0 when all succeeded, else 1.</summary>
    public async Task<int> OfManyAsync(IEnumerable<string> ids, long count, bool quiet, CancellationToken cancel = default)
    {
        io.WatchInterrupts();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, io.Interrupted);
        long succeeded = 0, others = 0;
        string? current = null;
        var progress = new ProgressText(io, quiet);
        await using var notes = Notes(() => current, quiet, progress);
        try
        {
            var waiter = new TaskWaiter(rest, _patience);
            foreach (var id in ids)
            {
                progress.Show($"{Display.Count(succeeded + others)} of {Display.Count(count)} have "
                    + $"ended{(others > 0 ? $", {Display.Count(others)} without success" : "")}");
                current = id;
                var task = await waiter.WaitAsync(id, either.Token);
                if (task.Text("status") == "succeeded")
                {
                    succeeded++;
                    continue;
                }

                others++;
                progress.Clear();
                if (!quiet) io.Error.WriteLine(Display.Clean(TaskEnd.Describe(task)));
            }
        }
        catch (OperationCanceledException) when (io.Interrupted.IsCancellationRequested)
        {
            progress.Clear();
            io.Error.WriteLine($"{program}: interrupted; the tasks go on");
            return ExitCodes.Interrupted;
        }

        progress.Clear();
        if (!quiet) io.Error.WriteLine($"{Display.Count(succeeded)} succeeded, {Display.Count(others)} did not");
        return others == 0 ? ExitCodes.Done : ExitCodes.Failed;
    }

    private Background Notes(Func<string?> current, bool quiet, ProgressText progress) =>
        new(cancel => quiet ? Task.CompletedTask : new StallNotes(rest, io, _patience).RunAsync(current, progress, cancel));
}
