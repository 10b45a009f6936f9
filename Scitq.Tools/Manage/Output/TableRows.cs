using System.Text.Json;
using Spectre.Console;

namespace Scitq.Tools.Manage.Output;

/// <summary>
/// A table for people. The library's own fitting to the screen drops whole columns when they do not fit, so it is told
/// of an endless line, and texts are shortened here. Columns that hold nothing are left out.
/// </summary>
/// <param name="context">What is asked for, and the screen.</param>
/// <param name="columns">Those that there may be.</param>
/// <param name="writer">Where it is painted, if not on standard output.</param>
internal sealed class TableRows(ManageContext context, IReadOnlyList<Column> columns, TextWriter? writer = null) : RowWriter
{
    private const int MaxKept = 1000, MaxCell = 50, EndlessLine = 100_000;

    private readonly List<string[]> _rows = [];
    private readonly bool[] _texts = new bool[columns.Count];
    private readonly DateTimeOffset _now = context.Io.Clock.GetUtcNow();
    // In a pipe there is no screen to fit, unless a table was asked for.
    private readonly bool _long = context.Line.Has("long") || (!context.Io.OutputIsTerminal && context.FormatIsDefault);
    private bool _header = !context.Line.Has("no-header");

    public override void Write(JsonElement row)
    {
        var values = columns.Select(c => c.Read(row, _now)).ToArray();
        for (var i = 0; i < values.Length; i++) _texts[i] |= values[i] is string && !columns[i].IsWhole;
        _rows.Add([.. values.Select(v => Column.Human(v, _now))]);
        if (_rows.Count == MaxKept) Print();
    }

    public override void Finish()
    {
        if (_rows.Count > 0 || _header) Print();
    }

    private void Print()
    {
        // A column that no row fills is left out; but an empty list shows all columns.
        int[] shown = [.. Enumerable.Range(0, columns.Count)
            .Where(i => _long || _rows.Count == 0 || i == 0 || _rows.Exists(r => r[i].Length > 0 && r[i] != columns[i].Nothing))];
        var fit = _long
            ? null
            : TableFit.Of([.. shown.Select(i => new FitColumn(Widest(i), _texts[i], columns[i].Name, columns[i].ShortName, columns[i].Least))],
                context.Io.Screen().Width);
        for (var k = 0; fit is not null && k < shown.Length; k++)
            foreach (var row in _rows) row[shown[k]] = Shorten(row[shown[k]], fit.Widths[k]);

        var colours = context.Io.CanPaint && !context.Line.Has("no-color") && string.IsNullOrEmpty(context.Io.Variable("NO_COLOR"));
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = colours ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = colours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer ?? context.Io.Painted),
        });
        // Both, or the library asks the terminal, which puts it into keypad mode.
        (console.Profile.Width, console.Profile.Height) = (EndlessLine, 1);
        var table = new Table { Border = TableBorder.None, ShowHeaders = _header };
        foreach (var i in shown)
            table.AddColumn(Heading(fit?.ShortNames == true ? columns[i].ShortName : columns[i].Name, i == shown[^1] ? 0 : fit?.Gap ?? 2));
        foreach (var row in _rows) table.AddRow(shown.Select(i => new Text(row[i], columns[i].Name == "status" ? StyleOf(row[i]) : Style.Plain)));
        console.Write(table);
        _rows.Clear();
        _header = false;
    }

    private static TableColumn Heading(string name, int gap) =>
        new(new Text(name, new Style(decoration: Decoration.Bold))) { NoWrap = true, Padding = new Padding(0, 0, gap, 0) };

    private int Widest(int column)
    {
        var widest = _rows.Max(r => (int?)r[column].Length) ?? 0;
        return column == columns.Count - 1 ? widest : Math.Min(widest, MaxCell);
    }

    private static string Shorten(string text, int width)
    {
        if (text.Length <= width) return text;
        var kept = text[..(width - 1)];
        return (char.IsHighSurrogate(kept[^1]) ? kept[..^1] : kept) + "…";
    }

    private static Style StyleOf(string status) => status switch
    {
        "succeeded" => new Style(Color.Green),
        "failed" or "lost" or "offline" => new Style(Color.Red),
        "running" or "uploading" => new Style(Color.Blue),
        "cancelled" or "paused" or "suspended" or "stopped" or "full" or "draining" => new Style(Color.Yellow),
        _ => Style.Plain,
    };
}
