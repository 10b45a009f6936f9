using System.Text.Json;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>task list and task show.</summary>
internal static class TaskListVerbs
{
    public static async Task<int> ListAsync(ManageContext context)
    {
        if (context.Line.Has("watch")) return await WatchVerbs.ListAsync(context);
        var selection = new TaskSelection(context);
        var table = context.Format == Format.Table && !context.Quiet;
        var rows = context.Rows(Columns.Choose(context.Line, table ? Columns.TaskTable : Columns.TaskShort, Columns.TaskLong));
        var pages = new Pages(context);
        var shown = 0;
        await foreach (var task in pages.ReadAsync("tasks", selection.Query(), Pages.Limit(context, 20), context.Line.Value("after"), count: table))
        {
            rows.Write(task);
            shown++;
        }

        rows.Finish();
        context.Io.Out.Flush();
        if (table && pages.Total is { } total)
            context.Io.Error.WriteLine($"{Display.Count(shown)} of "
                + $"{Display.Count(total)} tasks{(pages.Next is null ? "" : $"; more: --limit 0, --after {pages.Next}")}");
        return ExitCodes.Done;
    }

    public static async Task<int> ShowAsync(ManageContext context)
    {
        if (context.Line.Has("outputs")) return await TaskOutputVerbs.ShowAsync(context);
        if (context.Line.Has("attempt")) throw new CommandLine.UsageException("--attempt goes with --outputs: the page shows all attempts");
        var ids = await new TaskSelection(context).NamedAsync();
        // In a pipe too, unless a format of rows is asked for: they have no place for attempts and history.
        if (context.Format == Format.Table || (context.FormatIsDefault && !context.Quiet)) return await ShowPagesAsync(context, ids);

        // One task is one JSON value; several are an array.
        var rows = context.Format == Format.Json && ids.Count == 1 ? new JsonRows(context.Io.Out, array: false) : context.Rows(Columns.TaskLong);
        foreach (var id in ids)
        {
            using var task = await context.Rest.GetAsync($"tasks/{id}", context.Patience, context.Cancel);
            rows.Write(task.RootElement);
        }

        rows.Finish();
        return ExitCodes.Done;
    }

    private static async Task<int> ShowPagesAsync(ManageContext context, IReadOnlyList<string> ids)
    {
        foreach (var id in ids)
        {
            using var document = await context.Rest.GetAsync($"tasks/{id}", context.Patience, context.Cancel);
            var task = document.RootElement;
            ShowOne(context, task, Columns.TaskLong);
            Section(context, "Attempts", task, "attempts", Columns.AttemptShort);
            Section(context, "History", task, "history", Columns.History);
            context.Io.Out.WriteLine();
        }

        return ExitCodes.Done;
    }

    /// <summary>One object, a line for each value it has.</summary>
    public static void ShowOne(ManageContext context, JsonElement row, IReadOnlyList<Column> columns)
    {
        var now = context.Io.Clock.GetUtcNow();
        foreach (var column in columns)
        {
            var text = Column.Human(column.Read(row, now), now);
            if (text.Length > 0 && text != "{}") context.Io.Out.WriteLine($"{column.Name,-17} {text}");
        }
    }

    public static void Section(ManageContext context, string title, JsonElement task, string member, IReadOnlyList<Column> columns)
    {
        if (!task.Items(member).Any()) return;
        context.Io.Out.WriteLine();
        context.Io.Out.WriteLine($"{title}:");
        var rows = new TableRows(context, columns);
        foreach (var row in task.Items(member)) rows.Write(row);
        rows.Finish();
    }
}
