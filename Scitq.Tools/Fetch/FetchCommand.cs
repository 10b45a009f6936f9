using Scitq.Fetch;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;

namespace Scitq.Tools.Fetch;

/// <summary>scitq-fetch: move data between this machine and stores, or between stores, and look at what is there.</summary>
internal static class FetchCommand
{
    public const string Program = "scitq-fetch";

    public static async Task<int> RunAsync(string[] args, ToolIo io)
    {
        var before = Splitter.Split(args, FetchVerb.Global, permute: false);
        if (before.Version)
        {
            io.Out.WriteLine(ToolVersion.Text(Program));
            return ExitCodes.Done;
        }

        if (before.Operands.Count == 0 || before.Operands[0] == "help")
        {
            var topic = before.Operands.Skip(1).FirstOrDefault();
            FetchHelp.Write(before.Help || before.Operands.Count > 0 ? io.Out : io.Error, topic is null ? null : Find(topic));
            return before.Help || before.Operands.Count > 0 ? ExitCodes.Done : ExitCodes.Usage;
        }

        var verb = Find(before.Operands[0]);
        var line = Splitter.Split([.. before.Operands.Skip(1)], [.. verb.Options, .. FetchVerb.Global], permute: true);
        line.AddFrom(before);
        if (line.Help)
        {
            FetchHelp.Write(io.Out, verb);
            return ExitCodes.Done;
        }

        if (line.Operands.Count < verb.Least || line.Operands.Count > verb.Most)
            throw new UsageException(
                line.Operands.Count < verb.Least ? $"{verb.Name} needs {verb.Operands}" : $"{verb.Name} takes no '{line.Operands[verb.Most]}'",
                $"See: {Program} {verb.Name} --help");
        if (line.Operands.Contains("")) throw new UsageException($"{verb.Name}: an empty name is no place");
        io.WatchInterrupts();
        try
        {
            using var context = new FetchContext(io, line, verb);
            try
            {
                return await verb.Run(context);
            }
            catch (FetchException e) when (context.Format is Format.Json or Format.Jsonl && !context.HasRows && e.Moved is null && e.Failures.Count == 1)
            {
                var (exitCode, code) = Codes(e);
                io.Out.WriteLine(new ToolException(exitCode, code, Display.Clean(e.Message)).ToJson());
                return exitCode;
            }
        }
        catch (FetchException e)
        {
            return Failed(e, io);
        }
        catch (ArgumentException e) when (e.Message.StartsWith(nameof(FetchOptions), StringComparison.Ordinal))
        {
            throw new UsageException(e.Message);
        }
    }

    private static FetchVerb Find(string name) => FetchVerb.All.FirstOrDefault(v => v.Name == name)
        ?? throw new UsageException(
            $"unknown verb '{name}'{Near.DidYouMean(name, FetchVerb.All.Select(v => v.Name))}",
            $"Known: {string.Join(", ", FetchVerb.All.Select(v => v.Name))}. See: {Program} --help");

    private static int Failed(FetchException e, ToolIo io)
    {
        const int MostShown = 50;
        foreach (var failure in e.Failures.Take(MostShown)) io.Error.WriteLine($"{Program}: {Display.Clean(failure.Message)}");
        if (e.Failures.Count > MostShown) io.Error.WriteLine($"{Program}: and {Display.Count(e.Failures.Count - MostShown)} more");
        if (e.Failures.Count > 1 || e.Moved is not null)
        {
            io.Error.WriteLine($"{Program}: {(e.Failures.Count == 1 ? "1 file" : $"{Display.Count(e.Failures.Count)} files")} failed; the others are done, "
                + "and the same command again continues with the rest");
            return ExitCodes.Failed;
        }

        return Codes(e).Exit;
    }

    private static (int Exit, string Word) Codes(FetchException e) => e switch
    {
        BadUriException => (ExitCodes.Usage, "bad_uri"),
        DataNotFoundException => (ExitCodes.NotFound, "not_found"),
        AccessDeniedException => (ExitCodes.Denied, "denied"),
        TransferExhaustedException => (ExitCodes.Unreachable, "unreachable"),
        UnsupportedTransferException => (ExitCodes.Failed, "unsupported"),
        _ => (ExitCodes.Failed, "failed"),
    };
}
