using System.Text.Json;

namespace Scitq.Tools.Manage.Output;

/// <summary>Writes rows as they come; only a table keeps any back, to know its widths.</summary>
internal abstract class RowWriter
{
    public static RowWriter Make(ManageContext context, IReadOnlyList<Column> columns)
    {
        if (context.Quiet && context.Format is Format.Table or Format.Tsv) return new TextRows(context, [columns[0]], Format.Tsv, header: false);
        return context.Format switch
        {
            Format.Json or Format.Jsonl => new JsonRows(context.Io.Out, context.Format == Format.Json),
            Format.Table => new TableRows(context, columns),
            _ => new TextRows(context, columns, context.Format, !context.Line.Has("no-header")),
        };
    }

    public abstract void Write(JsonElement row);

    public abstract void Finish();
}

/// <summary>The server's objects as they are: one array, or one a line.</summary>
internal sealed class JsonRows(TextWriter writer, bool array) : RowWriter
{
    private bool _any;

    public override void Write(JsonElement row)
    {
        if (array) writer.Write(_any ? ",\n" : "[");
        writer.Write(row.GetRawText());
        if (!array) writer.Write('\n');
        _any = true;
    }

    public override void Finish()
    {
        if (array) writer.Write(_any ? "]\n" : "[]\n");
    }
}

/// <summary>One line a row: TSV with <c>\t \n \\</c> written as such, or CSV that no spreadsheet takes for formulas.</summary>
internal sealed class TextRows(ManageContext context, IReadOnlyList<Column> columns, Format format, bool header) : RowWriter
{
    private readonly TextWriter _writer = context.Io.Out;
    private readonly bool _csv = format == Format.Csv;
    private readonly DateTimeOffset _now = context.Io.Clock.GetUtcNow();
    private bool _header = header;

    public override void Write(JsonElement row)
    {
        Header();
        Line(columns.Select(c => c.Read(row, _now)).Select(v => _csv ? Csv(v) : Tsv(v)));
    }

    public override void Finish() => Header();

    /// <summary>Not before it is known that there will be an answer: it may be an error.</summary>
    private void Header()
    {
        if (_header) Line(columns.Select(c => c.Name));
        _header = false;
    }

    private static string Tsv(object? value) => Display.Clean(Column.Machine(value).Replace("\\", "\\\\", StringComparison.Ordinal));

    private static string Csv(object? value)
    {
        var text = Column.Machine(value);
        if (value is string && text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r') text = "'" + text;
        return text.AsSpan().IndexOfAny(",\"\r\n'") < 0 ? text : "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
    }

    private void Line(IEnumerable<string> cells)
    {
        _writer.Write(string.Join(_csv ? ',' : '\t', cells));
        _writer.Write('\n');
    }
}
