using System.Text;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Launch;

/// <summary>One line of the file, with what it fills in.</summary>
internal readonly record struct Entry(int Line, string Text, Func<string, string> Fill);

/// <summary>
/// The lines of <c>--each-line</c> or <c>--tsv</c>. Read twice, once to check and once to send, so that a defect in the
/// last line queues nothing; standard input is kept in a temporary file for that.
/// </summary>
internal sealed class EntryFile : IDisposable
{
    private readonly string _path;
    private readonly bool _tsv;
    private readonly bool _temporary;

    public EntryFile(string path, bool tsv, ToolIo io)
    {
        _tsv = tsv;
        _temporary = path == "-";
        _path = _temporary ? Path.GetTempFileName() : path;
        if (!_temporary) return;
        using var copy = File.Create(_path);
        using var input = io.Input();
        input.CopyTo(copy);
    }

    public IEnumerable<Entry> Read()
    {
        using var reader = Open();
        string[]? columns = null;
        var number = 0;
        while (reader.ReadLine() is { } text)
        {
            number++;
            text = text.TrimEnd('\r');
            if (string.IsNullOrWhiteSpace(text)) continue;
            if (!_tsv)
            {
                yield return new Entry(number, text, template => template.Replace("{}", text, StringComparison.Ordinal));
                continue;
            }

            var cells = text.Split('\t');
            if (columns is null)
            {
                columns = Columns(cells);
                continue;
            }

            if (cells.Length != columns.Length) throw new UsageException($"{Shown}: line {number} has {cells.Length} columns, the header has {columns.Length}");
            var names = columns;
            yield return new Entry(number, text, template => Fill(template, names, cells));
        }
    }

    public string Shown => _temporary ? "standard input" : _path;

    /// <summary>The columns named in the header; empty for lines.</summary>
    public IReadOnlyList<string> Header()
    {
        if (!_tsv) return [];
        using var reader = Open();
        while (reader.ReadLine() is { } text)
            if (!string.IsNullOrWhiteSpace(text)) return Columns(text.TrimEnd('\r').Split('\t'));
        return [];
    }

    public void Dispose()
    {
        if (_temporary) File.Delete(_path);
    }

    private StreamReader Open()
    {
        try
        {
            return new StreamReader(_path, new UTF8Encoding(false, throwOnInvalidBytes: false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{Shown} cannot be read: {e.Message}");
        }
    }

    private string[] Columns(string[] header)
    {
        for (var i = 0; i < header.Length; i++)
        {
            header[i] = header[i].Trim();
            if (header[i].Length == 0) throw new UsageException($"{Shown}: column {i + 1} of the header has no name");
            if (Array.IndexOf(header, header[i]) < i) throw new UsageException($"{Shown}: column '{header[i]}' is there twice");
        }

        return header;
    }

    /// <summary>Puts the cells in, in one pass, so that a cell's own braces stay what they are; braces around anything else stay too (<c>awk '{print $1}'</c>).</summary>
    private static string Fill(string template, string[] columns, string[] cells)
    {
        if (!template.Contains('{')) return template;
        var filled = new StringBuilder();
        for (var i = 0; i < template.Length; i++)
        {
            if (template[i] == '{' && template.IndexOf('}', i) is var close and > 0 && Array.IndexOf(columns, template[(i + 1)..close]) is var column and >= 0)
            {
                filled.Append(cells[column]);
                i = close;
            }
            else
            {
                filled.Append(template[i]);
            }
        }

        return filled.ToString();
    }
}
