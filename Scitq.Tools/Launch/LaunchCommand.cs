using System.Globalization;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Server;

namespace Scitq.Tools.Launch;

/// <summary>scitq-launch: queue one task, or one for each line of a file.</summary>
internal sealed class LaunchCommand
{
    public const string Program = "scitq-launch";
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ReplyWait = TimeSpan.FromSeconds(5);

    private readonly ToolIo _io;
    private readonly ParsedLine _line;
    private readonly ClientSettings _settings;
    private readonly bool _json;
    private readonly bool _quiet;

    private LaunchCommand(ToolIo io, ParsedLine line)
    {
        (_io, _line, _settings) = (io, line, new ClientSettings(io, line));
        _json = line.Has("json") || line.Value("format") is "json" or "jsonl";
        if (!_json && line.Value("format") is { } format and not "text") throw new UsageException($"--format '{format}' is neither text nor json");
        _quiet = line.Has("quiet");
    }

    private bool Waits => _line.Has("wait") || _line.Has("follow");

    private string? Source => _line.Value("each-line") ?? _line.Value("tsv");

    public static async Task<int> RunAsync(string[] args, ToolIo io)
    {
        var line = Splitter.Split(args, LaunchOptions.All, permute: false);
        if (line.Help)
        {
            LaunchOptions.WriteHelp(io.Out);
            return ExitCodes.Done;
        }

        if (line.Version)
        {
            io.Out.WriteLine(ToolVersion.Text(Program));
            return ExitCodes.Done;
        }

        if (line.Operands.Count == 0 && !(line.Ended && line.Has("docker")))
        {
            io.Error.WriteLine($"{Program}: no command to run");
            io.Error.WriteLine($"Usage: {LaunchOptions.Usage}");
            io.Error.WriteLine($"Try: {Program} --help");
            return ExitCodes.Usage;
        }

        // Words that are no UTF-8 reach us with their bytes replaced; a command must not be queued altered.
        if (args.Any(a => a.Contains('\ufffd')))
            throw new UsageException("an argument holds bytes that are not UTF-8 (or the replacement character), so it cannot be kept exactly");
        return await new LaunchCommand(io, line).RunAsync();
    }

    private async Task<int> RunAsync()
    {
        if (_line.Has("each-line") && _line.Has("tsv")) throw new UsageException("--each-line and --tsv exclude each other");
        if (Source is not null && _line.Has("follow")) throw new UsageException("--follow shows one task; with --each-line or --tsv use --wait");
        var id = TaskIdOption();
        var builder = new SpecBuilder(_line, _settings.Get("batch", "SCITQ_BATCH"));
        if (Source is not null)
        {
            using var file = new EntryFile(Source, _line.Has("tsv"), _io);
            var many = new ManyTasks(file, builder, _io);
            NoteColumns(file);
            return _line.Has("test") ? Test(many) : await SubmitManyAsync(many, id);
        }

        var spec = builder.Build();
        NoteSingleWord(spec);
        if (!_line.Has("test")) return await SubmitOneAsync(spec, id ?? Guid.CreateVersion7(_io.Clock.GetUtcNow()));
        TestPage.Write(_io.Out, spec, _json, _line.Has("verbose"));
        return ExitCodes.Done;
    }

    private int Test(ManyTasks many)
    {
        many.Check(spec => TestPage.Write(_io.Out, spec, _json, _line.Has("verbose")));
        return ExitCodes.Done;
    }

    private async Task<int> SubmitOneAsync(TaskSpec spec, Guid id)
    {
        var server = Server();
        using var rest = server.IsBus ? null : NewRest(server);
        await using var submitter = NewSubmitter(server, rest);
        var task = (await submitter.SubmitAsync([new SubmitTask { TaskId = id, Spec = spec }], _io.Interrupted))[0];
        if (task.Problem is { } problem) throw new UsageException($"the task was refused: {problem}");
        Announce(task, server);
        _io.Out.Flush();
        if (!Waits) return ExitCodes.Done;

        var name = task.Number?.ToString(CultureInfo.InvariantCulture) ?? task.TaskId.ToString();
        return await new TaskAwaiting(rest!, _io, Program, _settings.Timeout(DefaultTimeout)).OfOneAsync(name, _line.Has("follow"), _quiet);
    }

    private async Task<int> SubmitManyAsync(ManyTasks many, Guid? baseId)
    {
        many.Check();
        var server = Server();
        using var rest = server.IsBus ? null : NewRest(server);
        await using var submitter = NewSubmitter(server, rest);
        var report = new ManyReport(_io, _quiet, _json);
        await many.SubmitAsync(submitter, baseId, report.Add, _io.Interrupted);
        var refused = report.Finish(Waits ? _io.Error : _io.Out);
        if (refused > 0) return ExitCodes.Failed;
        return Waits
            ? await new TaskAwaiting(rest!, _io, Program, _settings.Timeout(DefaultTimeout)).OfManyAsync(report.Numbers, report.Numbered, _quiet)
            : ExitCodes.Done;
    }

    private ServerAddress Server()
    {
        var server = _settings.Server();
        if (server.IsBus && Waits)
            throw new UsageException(
                "--wait and --follow need the coordinator's HTTP address; an amqp:// server only takes tasks",
                "Give it with -s http://HOST:PORT, or leave out --wait and --follow.");
        return server;
    }

    private RestClient NewRest(ServerAddress server) => _settings.Connect(server, Program);

    private ISubmitter NewSubmitter(ServerAddress server, RestClient? rest)
    {
        var timeout = _settings.Timeout(DefaultTimeout);
        return rest is null ? new BusSubmitter(_settings.Broker(server), server.Shown, _io, Program, timeout, ReplyWait) : new RestSubmitter(rest, timeout);
    }

    private void Announce(SubmittedTask task, ServerAddress server)
    {
        var id = task.Number?.ToString(CultureInfo.InvariantCulture) ?? task.TaskId.ToString();
        if (task.Number is null && server.IsBus)
            _io.Error.WriteLine($"{Program}: no coordinator answers; the broker keeps the task, and the coordinator will number it when it is back");
        if (_json)
            _io.Out.WriteLine(task.Number is { } number
                ? $"{{\"task_id\":{number},\"id\":\"{task.TaskId}\"}}"
                : $"{{\"task_id\":null,\"id\":\"{task.TaskId}\"}}");
        else if (_quiet) (_line.Has("follow") ? _io.Error : _io.Out).WriteLine(id);
        else (Waits ? _io.Error : _io.Out).WriteLine($"Task queued with task id: {id}");
    }

    private Guid? TaskIdOption()
    {
        if (_line.Value("task-id") is not { } text) return null;
        return Guid.TryParse(text, out var id) && id != Guid.Empty ? id : throw new UsageException($"--task-id '{text}' is not a GUID");
    }

    private void NoteSingleWord(TaskSpec spec)
    {
        if (_quiet || _line.Has("shell") || spec.Argv is not [var word] || !word.Contains(' ')) return;
        var quoted = ShellWords.Quote(word);
        _io.Error.WriteLine($"{Program}: note: the command is the single word {quoted}, which will be looked up as a program name.");
        _io.Error.WriteLine($"              You may want:  {Program} sh -c {quoted}     or:  {Program} --shell {quoted}");
    }

    private void NoteColumns(EntryFile file)
    {
        if (_quiet) return;
        string[] texts = [.. _line.Operands, .. LaunchOptions.All.Where(o => o.Value is not null).SelectMany(o => _line.All(o.Long))];
        var marks = _line.Has("tsv") ? [.. file.Header().Select(c => $"{{{c}}}")] : new[] { "{}", "SCITQ_ENTRY" };
        if (!texts.Any(t => marks.Any(m => t.Contains(m, StringComparison.Ordinal))))
            _io.Error.WriteLine($"{Program}: note: nothing differs between the tasks: none of {string.Join(' ', marks)} is used (the entry is in "
                + "$SCITQ_ENTRY).");
    }
}
