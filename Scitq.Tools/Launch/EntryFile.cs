using System.Text;
using Scitq.Fetch.Local;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Launch;

/// <summary>One line of the file, with what it fills in.</summary>
internal readonly record struct Entry(int Line, string Text, Func<string, string> Fill);

/// <summary>
/// The lines of <c>--each-line</c> or <c>--tsv</c>. Read twice, once to check and once to send, so that a defect in the
/// last line queues nothing; standard input, or a pipe, is kept in a temporary file for that.
/// </summary>
internal sealed class EntryFile : IDisposable
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly string _path;
    private readonly bool _tsv;
    private readonly bool _temporary;

    public EntryFile(string path, bool tsv, ToolIo io)
    {
        _tsv = tsv;
        Shown = path == "-" ? "standard input" : path;
        _temporary = path == "-" || FileKinds.Of(path, follow: true) is not (FileKind.File or FileKind.Missing or FileKind.Directory);
        _path = _temporary ? Path.GetTempFileName() : path;
        if (!_temporary) return;
        using var copy = File.Create(_path);
        using var input = path == "-" ? io.Input() : File.OpenRead(path);
        input.CopyTo(copy);
    }

    public IEnumerable<Entry> Read()
    {
        string[]? columns = null;
        foreach (var (number, text) in Lines())
        {
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
            yield return new Entry(number, text, template => Template.Fill(template, names, cells));
        }
    }

    public string Shown { get; }

    /// <summary>The columns named in the header; empty for lines.</summary>
    public IReadOnlyList<string> Header()
    {
        if (!_tsv) return [];
        foreach (var (_, text) in Lines()) return Columns(text.Split('\t'));
        return [];
    }

    public void Dispose()
    {
        if (_temporary) File.Delete(_path);
    }

    /// <summary>The lines that are not blank, with their numbers.</summary>
    private IEnumerable<(int Number, string Text)> Lines()
    {
        using var reader = Open();
        var number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            var text = (reader.CurrentEncoding.IsSingleByte ? Decode(line, number) : line).TrimEnd('\r');
            if (!string.IsNullOrWhiteSpace(text)) yield return (number, text);
        }
    }

    /// <summary>As Latin-1, which maps each byte to one character, so that a line's bytes can be judged one by one; a mark of UTF-16 is heeded.</summary>
    private StreamReader Open()
    {
        try
        {
            var file = File.OpenRead(_path);
            var start = new byte[3];
            var isMarked = file.ReadAtLeast(start, 3, throwOnEndOfStream: false) == 3 && Encoding.UTF8.Preamble.SequenceEqual(start);
            if (!isMarked) file.Position = 0;
            var reader = new StreamReader(file, Encoding.Latin1, detectEncodingFromByteOrderMarks: !isMarked);
            reader.Peek();
            return reader;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{Shown} cannot be read: {e.Message}");
        }
    }

    private string Decode(string line, int number)
    {
        var bytes = Encoding.Latin1.GetBytes(line);
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new UsageException(
                $"{Shown}: line {number}, column {e.Index + 1}: the byte 0x{e.BytesUnknown?.FirstOrDefault():X2} is not UTF-8",
                "Convert the file first, for example: iconv -f LATIN1 -t UTF-8 OLD >NEW");
        }
    }

    private string[] Columns(string[] header)
    {
        if (header is [var only] && only.IndexOfAny([',', ';']) >= 0)
            throw new UsageException(
                $"{Shown}: the header '{only}' is a single column: --tsv takes columns separated by tabs",
                "Convert the file first, for example: tr ',' '\\t' <OLD >NEW");
        for (var i = 0; i < header.Length; i++)
        {
            header[i] = header[i].Trim();
            if (header[i].Length == 0) throw new UsageException($"{Shown}: column {i + 1} of the header has no name");
            if (Array.IndexOf(header, header[i]) < i) throw new UsageException($"{Shown}: column '{header[i]}' is there twice");
        }

        return header;
    }
}
