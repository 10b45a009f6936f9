using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>The command line, the server and the streams that a verb works with.</summary>
internal sealed class ManageContext : IDisposable
{
    private readonly Lazy<RestClient> _rest;

    public ManageContext(ToolIo io, ParsedLine line)
    {
        (Io, Line, Settings) = (io, line, new ClientSettings(io, line));
        var format = line.Has("json") ? "json" : Settings.Get("format", "SCITQ_FORMAT");
        (Format, FormatIsDefault) = (Formats.Choose(format, io.OutputIsTerminal), format is null);
        _rest = new Lazy<RestClient>(() =>
        {
            var server = Settings.Server();
            return server.IsBus
                ? throw new UsageException(
                    "scitq-manage needs the coordinator's HTTP address; an amqp:// server only takes tasks", "Give it with -s http://HOST:PORT or -s HOST.")
                : Settings.Connect(server, ManageCommand.Program);
        });
    }

    public ToolIo Io { get; }

    public ParsedLine Line { get; }

    public ClientSettings Settings { get; }

    public Format Format { get; }

    /// <summary>Whether nobody has asked for it.</summary>
    public bool FormatIsDefault { get; }

    public RestClient Rest => _rest.Value;

    public TimeSpan Timeout => Settings.Timeout(TimeSpan.FromSeconds(150));

    public Patience Patience => Patience.ForQuestion(Timeout);

    public bool Quiet => Line.Has("quiet");

    public CancellationToken Cancel => Io.Interrupted;

    public RowWriter Rows(IReadOnlyList<Column> columns) => RowWriter.Make(this, columns);

    /// <summary>Before acting on several objects: asks on a terminal, wants -y elsewhere.</summary>
    public void Confirm(string question)
    {
        if (Line.Has("yes")) return;
        if (!Io.InputIsTerminal || !Io.ErrorIsTerminal)
            throw new UsageException($"{question} Nothing was done: this acts on more than one", "Add -y to confirm, or --dry-run to look first.");
        Io.Error.Write($"{question} [y/N] ");
        using var reader = new StreamReader(Io.Input());
        if (reader.ReadLine()?.Trim() is not ("y" or "Y" or "yes")) throw new ToolException(ExitCodes.Failed, "declined", "nothing was done");
    }

    public void Dispose()
    {
        if (_rest.IsValueCreated) _rest.Value.Dispose();
    }
}
