using System.Globalization;
using Scitq.Fetch.Local;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>task logs.</summary>
internal static class TaskLogVerbs
{
    public static async Task<int> LogsAsync(ManageContext context)
    {
        var line = context.Line;
        var (only, onlyError) = (line.Has("stdout"), line.Has("stderr"));
        if (only && onlyError) (only, onlyError) = (false, false);
        var tail = Tail(line.Value("tail"));
        var id = await new TaskSelection(context).OneAsync();
        var attempt = await AttemptAsync(context, id, line.Value("attempt"));
        var reader = new LogReader(context, id, attempt);
        if (line.Value("download") is { } path)
        {
            if (line.Has("follow")) throw new UsageException("--download takes what there is; leave out -f");
            return await DownloadAsync(reader, onlyError ? "stderr" : "stdout", path, context);
        }

        var output = context.Io.Output;
        var errors = onlyError ? output : context.Io.ErrorOutput;
        var fromOut = onlyError || tail is null ? 0 : await reader.TailOffsetAsync("stdout", tail.Value);
        var fromError = only || tail is null ? 0 : await reader.TailOffsetAsync("stderr", tail.Value);
        if (!line.Has("follow"))
        {
            if (!onlyError) await reader.CopyAsync("stdout", fromOut, output);
            if (!only) await reader.CopyAsync("stderr", fromError, errors);
            reader.MustBeWhole();
            return ExitCodes.Done;
        }

        context.Io.WatchInterrupts();
        var start = tail is null ? ((long, long, long)?)null : (await reader.AttemptNumberAsync(), fromOut, fromError);
        var follower = new TaskFollower(context.Rest, context.Io, ManageCommand.Program, Patience.ForWaiting(context.Timeout))
        {
            Output = onlyError ? null : output,
            ErrorOutput = only ? null : errors,
            Attempt = attempt,
            From = start,
        };
        try
        {
            await follower.FollowAsync(id, context.Cancel);
            if (!onlyError) await reader.CheckAsync("stdout");
            if (!only) await reader.CheckAsync("stderr");
            reader.MustBeWhole();
            return ExitCodes.Done;
        }
        catch (OperationCanceledException) when (context.Cancel.IsCancellationRequested)
        {
            context.Io.Error.WriteLine($"{ManageCommand.Program}: interrupted; task {id} goes on");
            return ExitCodes.Interrupted;
        }
    }

    private static async Task<int> DownloadAsync(LogReader reader, string stream, string path, ManageContext context)
    {
        try
        {
            // Under another name until it is whole: what has the asked name is never half a log. A device or pipe is written to, not replaced.
            var replaced = FileKinds.Of(path, follow: true) is FileKind.Missing or FileKind.File;
            var part = replaced ? path + ".part" : path;
            long length;
            await using (var file = new FileStream(part, replaced ? FileMode.Create : FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                length = await reader.CopyAsync(stream, 0, file);
            }

            reader.MustBeWhole();
            if (replaced) File.Move(part, path, overwrite: true);
            if (!context.Quiet) context.Io.Error.WriteLine($"{Display.Size(length)} in {path}");
            return ExitCodes.Done;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ToolException(ExitCodes.Failed, "error", $"cannot write {path}: {e.Message}", null, e);
        }
    }

    private static int? Tail(string? text)
    {
        if (text is null) return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var lines)
            ? lines
            : throw new UsageException($"--tail '{text}' is not a number of lines");
    }

    /// <summary>As the server names it: <c>latest</c> or a number; negative counts back from the latest.</summary>
    private static async Task<string> AttemptAsync(ManageContext context, string id, string? text)
    {
        if (text is null or "0" or "latest") return "latest";
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            throw new UsageException($"--attempt '{text}' is not a number");
        if (number < 0)
        {
            using var task = await context.Rest.GetAsync($"tasks/{id}", context.Patience, context.Cancel);
            var latest = task.RootElement.Items("attempts").Select(a => a.Number("attempt") ?? 0).DefaultIfEmpty(task.RootElement.Number("attempt") ?? 0).Max();
            number += (int)latest;
            if (number < 1) throw new ToolException(ExitCodes.NotFound, "not_found", $"task {id} has only {latest} attempts");
        }

        return number.ToString(CultureInfo.InvariantCulture);
    }
}
