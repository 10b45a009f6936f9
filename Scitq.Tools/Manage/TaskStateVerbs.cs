using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>task wait and task explain.</summary>
internal static class TaskStateVerbs
{
    public static Task<int> WaitAsync(ManageContext context) => LimitedAsync(context, async limit =>
    {
        var selection = new TaskSelection(context);
        if (!selection.IsNamed && selection.Batches is { Count: > 0 } batches) return await new BatchWait(context, batches).RunAsync(limit);
        var ids = await selection.NamedAsync();
        var awaiting = new TaskAwaiting(context.Rest, context.Io, ManageCommand.Program, context.Timeout);
        return ids is [var one]
            ? await awaiting.OfOneAsync(one, follow: false, context.Quiet, limit)
            : await awaiting.OfManyAsync(ids, ids.Count, context.Quiet, limit);
    });

    /// <summary>Waits, but no longer than <c>--timeout</c>, where that is given.</summary>
    public static async Task<int> LimitedAsync(ManageContext context, Func<CancellationToken, Task<int>> wait)
    {
        var limited = context.Line.Has("timeout");
        using var limit = new CancellationTokenSource();
        if (limited) limit.CancelAfter(context.Timeout);
        try
        {
            return await wait(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new ToolException(ExitCodes.TimedOut, "timeout", $"gave up waiting after {Duration.Show(context.Timeout)}; what was waited for goes on");
        }
    }

    public static async Task<int> ExplainAsync(ManageContext context)
    {
        var ids = await new TaskSelection(context).NamedAsync();
        var json = context.Format is Format.Json or Format.Jsonl;
        var rows = new JsonRows(context.Io.Out, context.Format == Format.Json && ids.Count > 1);
        foreach (var id in ids)
        {
            using var document = await context.Rest.GetAsync($"tasks/{id}/explain", context.Patience, context.Cancel);
            var answer = document.RootElement;
            if (json)
            {
                rows.Write(answer);
                continue;
            }

            context.Io.Out.WriteLine($"Task {id} is {answer.Text("status")}: {Display.Clean(answer.Text("why") ?? "")}");
            foreach (var detail in answer.Texts("details")) context.Io.Out.WriteLine($"  {Display.Clean(detail)}");
        }

        if (json) rows.Finish();
        return ExitCodes.Done;
    }
}
