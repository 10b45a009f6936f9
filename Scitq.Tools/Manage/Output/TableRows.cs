using System.Text.Json;
using Spectre.Console;

namespace Scitq.Tools.Manage.Output;

/// <summary>
/// A table for people. The library's own fitting to the screen drops whole columns when they do not fit, so it is told
/// of an endless line, and the last column, the long one, is shortened here.
/// </summary>
internal sealed class TableRows(ManageContext context, IReadOnlyList<Column> columns) : RowWriter
{
    private const int MaxKept = 1000, MinLast = 12, MaxCell = 50, EndlessLine = 100_000;

    private readonly List<string[]> _rows = [];
    private readonly DateTimeOffset _now = context.Io.Clock.GetUtcNow();
    private readonly bool _long = context.Line.Has("long");
    private bool _header = !context.Line.Has("no-header");

    public override void Write(JsonElement row)
    {
        _rows.Add([.. columns.Select(c => Column.Human(c.Read(row, _now), _now))]);
        if (_rows.Count == MaxKept) Print();
    }

    public override void Finish()
    {
        if (_rows.Count > 0 || _header) Print();
    }

    private void Print()
    {
        var last = columns.Count - 1;
        if (!_long)
        {
            foreach (var row in _rows)
                for (var i = 0; i < last; i++) row[i] = Shorten(row[i], MaxCell);
            var before = Enumerable.Range(0, last).Sum(i => Math.Max(_rows.Max(r => (int?)r[i].Length) ?? 0, columns[i].Name.Length) + 2);
            foreach (var row in _rows) row[last] = Shorten(row[last], Math.Max(MinLast, context.Io.Width - before - 2));
        }

        var colours = context.Io.OutputIsTerminal && !context.Line.Has("no-color") && string.IsNullOrEmpty(context.Io.Variable("NO_COLOR")) && context.Io.Variable("TERM") != "dumb";
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = colours ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = colours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(context.Io.Painted),
        });
        console.Profile.Width = EndlessLine;
        var table = new Table { Border = TableBorder.None, ShowHeaders = _header };
        foreach (var column in columns) table.AddColumn(new TableColumn(new Text(column.Name, new Style(decoration: Decoration.Bold))) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        foreach (var row in _rows) table.AddRow(row.Select((cell, i) => new Text(cell, columns[i].Name == "status" ? StyleOf(cell) : Style.Plain)));
        console.Write(table);
        _rows.Clear();
        _header = false;
    }

    private static string Shorten(string text, int width) => text.Length <= width ? text : text[..(width - 1)] + "…";

    private static Style StyleOf(string status) => status switch
    {
        "succeeded" => new Style(Color.Green),
        "failed" or "lost" or "offline" => new Style(Color.Red),
        "running" or "uploading" => new Style(Color.Blue),
        "cancelled" or "paused" or "full" or "draining" => new Style(Color.Yellow),
        _ => Style.Plain,
    };
}
