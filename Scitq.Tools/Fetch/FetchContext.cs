using System.Globalization;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;

namespace Scitq.Tools.Fetch;

/// <summary>The command line, the fetcher and the streams that every verb works with.</summary>
internal sealed class FetchContext : IDisposable
{
    public FetchContext(ToolIo io, ParsedLine line, FetchVerb verb)
    {
        (Io, Line) = (io, line);
        Format = Formats.Choose(line.Has("json") ? "json" : line.Value("format") ?? io.Variable("SCITQ_FORMAT"), io.OutputIsTerminal);
        Filter = new NameFilter(line.All("include"), line.All("exclude"));
        Quiet = line.Has("quiet");
        Progress = new ProgressLine(io, io.ErrorIsTerminal && !Quiet && !line.Has("no-progress"));
        Verb = verb;
        Fetcher = new Fetcher(
            new FetchOptions
            {
                Files = Number("process", "-p", 10, 256),
                Attempts = Number("attempts", "--attempts", 10, 1000),
                IdleTimeout = TimeSpan.FromSeconds(Number("idle-seconds", "--idle-seconds", 60, 3600)),
                Storage = Storage(io, line),
                Notice = line.Has("verbose") ? Progress.Say : null,
            },
            io.Clock);
    }

    public ToolIo Io { get; }

    public ParsedLine Line { get; }

    public FetchVerb Verb { get; }

    public Format Format { get; }

    public NameFilter Filter { get; }

    public Fetcher Fetcher { get; }

    public ProgressLine Progress { get; }

    /// <summary>Nothing is said of what was done, only of what failed.</summary>
    public bool Quiet { get; }

    /// <summary>Whether a part of a listing is written: no other answer can follow it.</summary>
    public bool HasRows { get; set; }

    public bool DryRun => Line.Has("dry-run");

    public CancellationToken Ct => Io.Interrupted;

    /// <summary>An operand as a place: a URI, or else a path of this machine.</summary>
    public DataUri Place(int operand) => Place(Line.Operands[operand]);

    public DataUri Place(string text) => IsUri(text) ? Fetcher.CheckUri(text) : DataUri.ForFile(text);

    /// <summary>A name with a colon is still a name; only <c>scheme://</c> makes a URI.</summary>
    public static bool IsUri(string text) => text.Contains("://", StringComparison.Ordinal);

    private int Number(string option, string shown, int unlessGiven, int most) => Line.Value(option) is not { } text ? unlessGiven
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most ? number
        : throw new UsageException($"{shown} '{text}' is no number from 1 to {most}");

    private static StorageProfiles Storage(ToolIo io, ParsedLine line)
    {
        if ((line.Value("storage") ?? io.Variable("SCITQ_STORAGE")) is not { Length: > 0 } file) return new StorageProfiles();
        try
        {
            return StorageFile.Read(file);
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }
    }

    public void Dispose()
    {
        Progress.Clear();
        Fetcher.Dispose();
    }
}
