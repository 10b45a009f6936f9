using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>Verbs that show what happens while it happens; the server tells when there is news.</summary>
internal static class WatchVerbs
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1), Moment = TimeSpan.FromMilliseconds(200);

    public static readonly IReadOnlyList<Verb> All =
    [
        new("top", "", "Batches, workers and running tasks, live in a terminal; in a pipe once.", "",
            [TaskOptions.Batch with { Section = "Options", Help = "only this batch" }, new("once", '\0', null, "show it once, and end")],
            ["scitq-manage top", "scitq-manage top -b mybatch --once", "scitq-manage top --once --json"], TopAsync),
    ];

    public static async Task<int> TopAsync(ManageContext context)
    {
        var model = new LiveModel();
        if (context.Line.Has("once") || !context.Io.CanPaint || context.Format is Format.Json or Format.Jsonl) return await OnceAsync(context, model);
        var page = new TopPage(context, model);
        return await LiveAsync(context, "", model.Apply, () => Task.FromResult(page.Lines(context.Io.Screen().Height)));
    }

    /// <summary>The list of tasks, painted again when something may have changed in it.</summary>
    public static Task<int> ListAsync(ManageContext context)
    {
        if (!context.Io.CanPaint || context.Format != Format.Table || context.Quiet)
            throw new UsageException("--watch paints a table on a terminal, and here is none", "For programs: scitq-manage task wait, or the API's stream.");
        return LiveAsync(context, "topics=batches&topics=tasks&", (_, _) => { }, async () =>
        {
            using var text = new StringWriter();
            var rows = new TableRows(context, Columns.Choose(context.Line, Columns.TaskTable, Columns.TaskLong), text);
            var limit = Math.Min(Pages.Limit(context, 20) is var most and > 0 ? most : int.MaxValue, Math.Max(1, context.Io.Screen().Height - 3));
            var pages = new Pages(context);
            await foreach (var task in pages.ReadAsync("tasks", new TaskSelection(context).Query(), limit, context.Line.Value("after"), count: true))
                rows.Write(task);
            rows.Finish();
            return [$"{Display.Count(pages.Total ?? 0)} tasks", .. text.ToString().TrimEnd('\n').Split('\n')];
        });
    }

    private static async Task<int> OnceAsync(ManageContext context, LiveModel model)
    {
        await foreach (var (kind, data) in Stream(context, "", context.Patience).ReadAsync(context.Cancel))
        {
            if (context.Format is Format.Json or Format.Jsonl)
            {
                context.Io.Out.WriteLine(data.GetRawText());
                return ExitCodes.Done;
            }

            model.Apply(kind, data);
            foreach (var line in new TopPage(context, model).Lines(0)) context.Io.Painted.WriteLine(line);
            return ExitCodes.Done;
        }

        return ExitCodes.Unreachable;
    }

    /// <summary>Paints when the server has news, and each second where <paramref name="apply"/> keeps what is painted, since times go on; until interrupted.</summary>
    private static async Task<int> LiveAsync(ManageContext context, string topics, Action<string, JsonElement> apply, Func<Task<IReadOnlyList<string>>> lines)
    {
        context.Io.WatchInterrupts();
        var events = Stream(context, topics, Patience.ForWaiting(context.Timeout)).ReadAsync(context.Cancel).GetAsyncEnumerator(context.Cancel);
        try
        {
            // Before there is an answer the screen stays as it is: it may be an error.
            var next = events.MoveNextAsync().AsTask();
            await next;
            using var screen = new LiveScreen(context.Io);
            while (await next)
            {
                apply(events.Current.Kind, events.Current.Data);
                next = events.MoveNextAsync().AsTask();
                do screen.Paint(await lines());
                while (topics.Length == 0 && await Task.WhenAny(next, Task.Delay(Tick, context.Io.Clock, context.Cancel)) != next);
                // So many lists are asked for at most, whatever happens meanwhile.
                if (topics.Length > 0) await Task.Delay(Moment, context.Io.Clock, context.Cancel);
            }
        }
        catch (OperationCanceledException) when (context.Cancel.IsCancellationRequested)
        {
            // That is how it ends.
        }

        return ExitCodes.Done;
    }

    private static LiveStream Stream(ManageContext context, string topics, Patience patience) =>
        new(context.Rest, context.Io, topics + string.Join('&', context.Line.All("batch").Select(b => $"batch={Uri.EscapeDataString(b)}")), patience);
}
