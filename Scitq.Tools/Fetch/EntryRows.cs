using System.Globalization;
using System.Text;
using System.Text.Json;
using Scitq.Fetch;
using Scitq.Fetch.Local;
using Scitq.Tools.Manage.Output;

namespace Scitq.Tools.Fetch;

/// <summary>Writes a listing as it comes; a table takes its widths from the first rows, so that a million of them need no memory.</summary>
internal sealed class EntryRows(FetchContext context, bool relative, bool md5)
{
    private const int Sample = 200;
    private readonly List<string[]> _sample = [];
    private readonly string[] _columns = md5
        ? [relative ? "rel_name" : "name", "creation_date", "modification_date", "size", "md5"]
        : [relative ? "rel_name" : "name", "creation_date", "modification_date", "size"];
    private readonly bool _header = !context.Line.Has("no-header");
    private int[]? _widths;
    private bool _any;
    private UnsupportedTransferException? _refused;

    private TextWriter Out => context.Io.Out;

    public void Write(DataEntry entry)
    {
        var name = relative ? entry.IsFolder ? entry.Name + "/" : entry.Name : entry.Uri.Scheme is "http" or "https" or "ftp" or "ftps" or "ftpes"
            ? Redacted.Of(entry.Uri) : entry.Uri.Text;
        if (context.Format is Format.Json or Format.Jsonl or Format.Csv && !ByteName.IsText(name))
        {
            _refused ??= ByteName.Refused(name, $"a listing as {context.Format.ToString().ToLowerInvariant()}");
            return;
        }

        switch (context.Format)
        {
            case Format.Json or Format.Jsonl:
                if (context.Format == Format.Json) Out.Write(_any ? ",\n" : "[");
                Out.Write(Json(entry, name));
                if (context.Format == Format.Jsonl) Out.Write('\n');
                break;
            case Format.Table:
                Row(Cells(entry, Display.Clean(name)));
                break;
            default:
                if (!_any && _header) Line(_columns);
                Line(Cells(entry, context.Format == Format.Csv ? Csv(name) : Display.Clean(name.Replace("\\", "\\\\", StringComparison.Ordinal))));
                break;
        }

        _any = context.HasRows = true;
    }

    /// <exception cref="UnsupportedTransferException">A name is no text, and was left out.</exception>
    public void Finish()
    {
        if (context.Format == Format.Json) Out.Write(_any ? "]\n" : "[]\n");
        else if (context.Format == Format.Table) Flush();
        else if (context.Format != Format.Jsonl && !_any && _header) Line(_columns);
        if (_refused is not null) throw _refused;
    }

    private string[] Cells(DataEntry entry, string name)
    {
        string[] cells = [name, Time(entry.Created), Time(entry.Modified), entry.Size?.ToString(CultureInfo.InvariantCulture) ?? "-"];
        return md5 ? [.. cells, entry.Md5 ?? "-"] : cells;
    }

    private void Row(string[] cells)
    {
        if (_widths is not null)
        {
            Padded(cells);
            return;
        }

        _sample.Add(cells);
        if (_sample.Count == Sample) Flush();
    }

    private void Flush()
    {
        if (_widths is not null) return;
        _widths = [.. _columns.Select((c, i) => _sample.Select(r => r[i].Length).Append(c.Length).Max())];
        if (_header) Padded(_columns);
        foreach (var row in _sample) Padded(row);
        _sample.Clear();
    }

    private void Padded(string[] cells) =>
        Out.WriteLine(string.Join("  ", cells.Select((c, i) => i == 3 ? c.PadLeft(_widths![i]) : c.PadRight(_widths![i]))).TrimEnd());

    private void Line(string[] cells)
    {
        Out.Write(string.Join(context.Format == Format.Csv ? ',' : '\t', cells));
        Out.Write('\n');
    }

    internal static string Csv(string name)
    {
        if (name.Length > 0 && name[0] is '=' or '+' or '-' or '@' or '\t' or '\r') name = "'" + name;
        return name.AsSpan().IndexOfAny(",\"\r\n'") < 0 ? name : "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
    }

    private static string Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "-";

    private string Json(DataEntry entry, string name)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString(_columns[0], name);
            if (entry.Created is { } created) json.WriteString("creation_date", created.UtcDateTime);
            if (entry.Modified is { } modified) json.WriteString("modification_date", modified.UtcDateTime);
            if (entry.Size is { } size) json.WriteNumber("size", size);
            if (entry.IsFolder) json.WriteBoolean("folder", true);
            if (md5 && entry.Md5 is { } hash) json.WriteString("md5", hash);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }
}
