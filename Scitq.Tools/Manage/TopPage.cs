using System.Text.Json;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>The page of <c>top</c>: a line of figures, and tables of batches, workers and running tasks as far as there is room.</summary>
internal sealed class TopPage(ManageContext context, LiveModel model)
{
    private static readonly string[] States = ["waiting", "pending", "accepted", "running", "uploading", "succeeded", "failed", "cancelled", "paused"];

    /// <summary>Its lines; a height of 0 has room for everything.</summary>
    public IReadOnlyList<string> Lines(int height)
    {
        var lines = new List<string> { Figures() };
        // What one table leaves free is for the next ones.
        var room = height == 0 ? int.MaxValue / 2 : Math.Max(0, height - 1);
        Add(lines, "Batches", Columns.BatchShort, [.. model.Batches.Where(IsOfInterest)], room / 3, ref room);
        Add(lines, "Workers", Columns.WorkerShort, [.. model.Workers], room / 2, ref room);
        Add(lines, "Running tasks", Columns.TaskLive, [.. model.Tasks], room, ref room);
        return lines;
    }

    /// <summary>A batch in which all has ended needs no watching, unless it was asked for.</summary>
    private bool IsOfInterest(JsonElement batch) =>
        context.Line.Has("batch") || batch.Items("workers").Any() || States.Except(["succeeded", "failed", "cancelled"]).Any(s => batch.Number(s) > 0);

    private string Figures()
    {
        var counts = States.Select(s => (State: s, Count: model.Batches.Sum(b => b.Number(s) ?? 0))).Where(s => s.Count > 0)
            .Select(s => $"{s.State} {Display.Count(s.Count)}");
        var online = model.Workers.Count(w => w.Text("status") != "offline");
        var at = model.At is { } time ? Column.Human(time, time)[^8..] : "";
        return Display.Clean($"{context.Rest.Server.Shown}  {at}  {string.Join("  ", counts)}  workers {online}/{model.Workers.Count}");
    }

    private void Add(List<string> lines, string title, IReadOnlyList<Column> columns, IReadOnlyList<JsonElement> rows, int most, ref int room)
    {
        // An empty line, the title, and the names of the columns.
        const int around = 3;
        if (rows.Count == 0 || most < around + 1) return;
        var fit = Math.Min(rows.Count, most - around);
        using var text = new StringWriter();
        var table = new TableRows(context, columns, text);
        foreach (var row in rows.Take(fit)) table.Write(row);
        table.Finish();
        lines.Add("");
        lines.Add(fit < rows.Count ? $"{title} ({fit} of {Display.Count(rows.Count)})" : title);
        lines.AddRange(text.ToString().TrimEnd('\n').Split('\n'));
        room -= around + fit;
    }
}
