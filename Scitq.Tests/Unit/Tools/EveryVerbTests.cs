using System.Text;
using Scitq.Tools;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage;

namespace Scitq.Tests.Unit.Tools;

/// <summary>What holds for every verb of scitq-manage, and for whichever comes: help, suggestions, terminals of any kind, pipes.</summary>
[Trait("Level", "Unit")]
public sealed class EveryVerbTests
{
    /// <summary>One object that has a member for whatever a verb looks for, and texts that want to be more than text.</summary>
    private const string Anything = """
        {"task_id":2,"id":"7f3c1e9e-8d8b-4b0a-9f5e-0f0b8c1d2e3f","name":"[red]a\tb\u001b[31m🧬\n[ -f $f ]","batch":"b1","status":"failed","why":"[/]","attempt":1,
        "worker":"node1","worker_id":4,"exit_code":137,"retry":2,"retries_left":1,"argv":["sh","-c","if [ -f $f ]; then\necho [/] é; fi LONG"],"matched":1,"done":1,
        "tasks":[2],"skipped":[],"order_id":7,"outcome":"[b]","created":"2026-11-22T10:00:00Z","started":"2026-11-22T10:00:00Z","finished":"2026-11-22T10:01:00Z",
        "attempts":[{"attempt":1,"reason":"[red]"}],"history":[{"kind":"lost","detail":"[ ]"}],"details":["[x"],"ready":true,"event_id":1,"kind":"lost",
        "at":"2026-11-22T10:00:00Z","total":3,"succeeded":1,"failed":1,"running":1,"pending":0,"concurrency":1,"prefetch":0,"workers":[],"version":"1"}
        """;

    private static readonly string Row = Anything.ReplaceLineEndings("").Replace("LONG", new string('x', 10_000), StringComparison.Ordinal);

    /// <summary>Verbs that run a task's command here and now: not on this machine, and not one of a test's making.</summary>
    public static readonly string[] RunHere = ["debug run"];

    public static TheoryData<string> Remote => [.. Verbs.All.Select(v => string.Join(' ', v.Words)).Except(RunHere)];

    public static TheoryData<string> Lines => [.. Verbs.All.Select(v => string.Join(' ', v.Words))];

    [Theory(Timeout = 60_000), MemberData(nameof(Lines))]
    public async Task Has_help_wherever_it_is_asked_for_and_within_100_columns(string line)
    {
        var verb = Find(line);
        string[] words = [.. verb.Words];
        List<string[]> places = [[.. words, "-h"], ["-h", .. words], [.. words, "--help"], [words[0], "--help", .. words.Skip(1)]];
        if (verb.Operands.Length > 0) places.Add([.. words, "12", "-h"]);
        foreach (var place in places)
        {
            var run = await ToolRun.Manage(place);
            Assert.Equal((0, ""), (run.Code, run.Error));
            Assert.StartsWith($"Usage: scitq-manage {line}", run.Out, StringComparison.Ordinal);
            Assert.All(run.Out.Split('\n'), text => Assert.True(text.Length <= 100, text));
        }
    }

    [Theory(Timeout = 60_000), MemberData(nameof(Lines))]
    public async Task Is_one_row_of_a_table_without_doubles_and_with_examples_that_parse(string line)
    {
        var verb = Find(line);
        List<Option> options = [.. verb.Options, .. GlobalOptions.All];
        Assert.Distinct(options.SelectMany(o => new[] { o.Long, o.Alias }).OfType<string>());
        Assert.Distinct(options.Select(o => o.Short).Where(s => s != '\0'));
        Assert.All(options, o => Assert.NotEmpty(o.Help));
        Assert.NotEmpty(verb.Summary);
        Assert.NotEmpty(verb.Examples);
        foreach (var words in verb.Examples.Select(Examples.Words).OfType<string[]>())
        {
            var before = Splitter.Split(words, GlobalOptions.All, permute: false);
            Assert.Equal(verb.Object, Verbs.Canonical(before.Operands[0]));
            Splitter.Split([.. before.Operands.Skip(verb.Words.Count())], options, permute: true);
        }

        var wrong = await ToolRun.Manage([.. verb.Words, "--formta", "json"]);
        Assert.Equal(2, wrong.Code);
        Assert.Contains("unknown option --formta (did you mean --format?)", wrong.Error, StringComparison.Ordinal);
        if (verb.Name.Length > 1)
            Assert.Contains("did you mean", (await ToolRun.Manage(verb.Object, verb.Name + "x")).Error, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000), MemberData(nameof(Remote))]
    public async Task Takes_any_text_on_any_screen_and_in_a_pipe(string line)
    {
        await using var stub = await AnythingAsync();
        foreach (var words in Find(line).Examples.Select(Examples.Words).OfType<string[]>())
        {
            await RunAsync(stub, words, [], terminal: false, width: 80);
            await RunAsync(stub, words, new() { ["NO_COLOR"] = "1" }, terminal: true, width: 20);
            await RunAsync(stub, words, new() { ["TERM"] = "dumb" }, terminal: true, width: 80);
        }
    }

    [Theory(Timeout = 60_000), MemberData(nameof(Remote))]
    public async Task Ends_quietly_when_its_reader_goes_away(string line)
    {
        await using var stub = await AnythingAsync();
        if (Examples.Words(Find(line).Examples[0]) is not { } words) return;
        using var folder = new Servers.TestFolder();
        using var gone = new GoneReader();
        using var error = new StringWriter();
        using var io = new ToolIo
        {
            Output = gone, ErrorOutput = Stream.Null, Input = () => new MemoryStream("x\n"u8.ToArray()), Error = error,
            Out = new StreamWriter(gone, new UTF8Encoding(false), 64), Variable = name => name == "HOME" ? folder.Path : null,
        };
        using var enough = Interrupting(io);
        var code = await Commands.RunAsync("scitq-manage", Complete(stub, words, folder.Path), io);
        Assert.True(code == ExitCodes.BrokenPipe || !gone.WasWritten, $"{code}: {error}");
        Assert.DoesNotContain("reader", error.ToString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task All_programs_have_help_and_examples_that_parse()
    {
        foreach (var program in Programs.All)
        {
            List<string[]> lines = [["--help"], .. program.Commands.Select(c => (string[])[.. c.Words, "--help"])];
            foreach (var line in lines)
            {
                var run = await ToolRun.RunAsync(program.Name, line);
                Assert.Equal((0, ""), (run.Code, run.Error));
                Assert.All(run.Out.Split('\n'), text => Assert.True(text.Length <= 100, $"{program.Name}: {text}"));
            }
        }

        foreach (var (program, command, example) in Examples.All())
            if (Examples.Words(example) is { } words)
                Splitter.Split(words, [.. command?.Options ?? program.Commands.SelectMany(c => c.Options), .. program.Options], program != Programs.Launch);
    }

    private static async Task RunAsync(StubCoordinator stub, string[] words, Dictionary<string, string> variables, bool terminal, int width)
    {
        using var folder = new Servers.TestFolder();
        variables["HOME"] = folder.Path;
        CancellationTokenSource? enough = null;
        var run = await ToolRun.RunAsync("scitq-manage", Complete(stub, words, folder.Path), variables, input: "x\n", terminal: terminal, width: width,
            errorTerminal: terminal, started: io => enough = Interrupting(io));
        enough?.Dispose();
        // What is understood or not, it is told in a line; and no control character of others, nor a colour where none is wanted.
        Assert.True(run.Code is 0 or 1 or 2 or 3 or 5 or 6 or 124 or 125 or 130 or 137, $"{string.Join(' ', words)}: {run.Code} {run.Error}");
        Assert.DoesNotContain("Unhandled", run.Error, StringComparison.Ordinal);
        // CSV in a pipe is to the byte.
        if (words.Contains("csv")) return;
        Assert.DoesNotContain("[31m", run.Out.Replace("\\x1b[31m", "", StringComparison.Ordinal).Replace("\\u001b[31m", "", StringComparison.Ordinal),
            StringComparison.Ordinal);
        if (!terminal) Assert.DoesNotContain('\u001b', run.Out + run.Error);
    }

    private static string[] Complete(StubCoordinator stub, string[] words, string folder) =>
        ["-s", stub.Address, "--timeout", "1", "-y", .. words.Select(w => w.EndsWith(".txt", StringComparison.Ordinal) ? Path.Combine(folder, w) : w)];

    /// <summary>Some verbs go on until they are told to stop.</summary>
    internal static CancellationTokenSource Interrupting(ToolIo io, TimeSpan? after = null)
    {
        var enough = new CancellationTokenSource(after ?? TimeSpan.FromSeconds(2));
        // A run that ends at this very moment has no streams any more.
        enough.Token.Register(() =>
        {
            try
            {
                io.Interrupt();
            }
            catch (ObjectDisposedException)
            {
            }
        });
        return enough;
    }

    private static async Task<StubCoordinator> AnythingAsync()
    {
        var stub = await StubCoordinator.StartAsync();
        stub.Otherwise = context => context.Request.Path.Value! switch
        {
            "/api/v1/stream" => StubCoordinator.Json(
                $"event: snapshot\ndata: {{\"at\":\"2026-11-22T10:00:00Z\",\"batches\":[{Row}],\"workers\":[{Row}],\"tasks\":[{Row}],\"gone\":{{}}}}\n\n")(context),
            var path when path.StartsWith("/api/v1/batches/", StringComparison.Ordinal) && path.EndsWith("/stats", StringComparison.Ordinal) =>
                StubCoordinator.Json($"{{\"batch\":\"b1\",\"ended\":[{Row}]}}")(context),
            var path when path.EndsWith("/stream", StringComparison.Ordinal) =>
                StubCoordinator.Json($"event: status\ndata: {Row}\n\nevent: end\ndata: {Row}\n\n")(context),
            var path when path.Contains("/log/", StringComparison.Ordinal) => StubCoordinator.Json("what it printed\n")(context),
            var path when path.EndsWith('s') => StubCoordinator.Json(context.Request.Method == "GET" ? $"[{Row}]" : Row)(context),
            _ => StubCoordinator.Json(Row)(context),
        };
        return stub;
    }

    private static Verb Find(string line) => Verbs.All.First(v => string.Join(' ', v.Words) == line);

    /// <summary>A pipe that nobody reads any more.</summary>
    private sealed class GoneReader : Stream
    {
        public bool WasWritten { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count)
        {
            WasWritten |= count > 0;
            if (count > 0) throw new BrokenPipeException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
