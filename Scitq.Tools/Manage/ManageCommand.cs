using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;

namespace Scitq.Tools.Manage;

/// <summary>scitq-manage: look at what is there, and act on it.</summary>
internal static class ManageCommand
{
    public const string Program = "scitq-manage";

    public static async Task<int> RunAsync(string[] args, ToolIo io)
    {
        var before = Splitter.Split(args, GlobalOptions.All, permute: false);
        var rest = before.Operands;
        if (before.Version)
        {
            io.Out.WriteLine(ToolVersion.Text(Program));
            return ExitCodes.Done;
        }

        if (rest.Count == 0 || rest[0] == "help") return Help(rest.Skip(1).ToList(), before.Help || rest.Count > 0, io);
        var objectName = Verbs.Canonical(rest[0]);
        var verbs = Verbs.All.Where(v => v.Object == objectName).ToList();
        if (verbs.Count == 0)
            throw new UsageException(
                $"unknown object '{objectName}'{Near.DidYouMean(objectName, Verbs.Objects)}",
                $"Known: {string.Join(", ", Verbs.Objects)}. See: {Program} --help");

        var between = Splitter.Split([.. rest.Skip(1)], GlobalOptions.All, permute: false);
        if (between.Operands.Count == 0) return Help([objectName], before.Help || between.Help, io);
        var verbName = between.Operands[0];
        var verb = verbs.Find(v => v.Is(verbName))
            ?? throw new UsageException(
                $"unknown verb '{verbName}' of {objectName}{Near.DidYouMean(verbName, verbs.Select(v => v.Name))}",
                $"Known: {string.Join(", ", verbs.Select(v => v.Name))}. See: {Program} {objectName} --help");

        var line = Splitter.Split([.. between.Operands.Skip(1)], [.. verb.Options, .. GlobalOptions.All], permute: true);
        line.AddFrom(between);
        line.AddFrom(before);
        if (line.Help) return Help([objectName, verb.Name], true, io);
        if (verb.Operands.Length == 0 && line.Operands.Count > 0)
            throw new UsageException($"{objectName} {verb.Name} takes no '{line.Operands[0]}'", $"See: {Program} {objectName} {verb.Name} --help");
        return await RunAsync(verb, line, io);
    }

    private static async Task<int> RunAsync(Verb verb, ParsedLine line, ToolIo io)
    {
        using var context = new ManageContext(io, line);
        try
        {
            return await verb.Run(context);
        }
        catch (ToolException e) when (context.Format is Format.Json or Format.Jsonl)
        {
            io.Out.WriteLine(e.ToJson());
            return e.ExitCode;
        }
    }

    /// <summary>Asked for, it goes to stdout; as an answer to an incomplete line, to stderr with exit code 2.</summary>
    private static int Help(List<string> topic, bool asked, ToolIo io)
    {
        if (topic.Count > 0) topic[0] = Verbs.Canonical(topic[0]);
        var writer = asked ? io.Out : io.Error;
        if (topic is ["exit-codes"])
        {
            ExitCodesPage.Write(writer);
        }
        else if (topic is [var objectName, var verbName] && Verbs.All.FirstOrDefault(v => v.Object == objectName && v.Is(verbName)) is { } verb)
        {
            var summary = verb.Alias is null ? verb.Summary : $"{verb.Summary}{Environment.NewLine}Also called: {verb.Object} {verb.Alias}";
            HelpPage.Write(writer, $"{Program} {verb.Object} {verb.Name} [OPTIONS]{(verb.Operands.Length > 0 ? " " + verb.Operands : "")}", summary,
                verb.Examples, [.. verb.Options, .. GlobalOptions.All]);
        }
        else if (topic is [var one, ..] && Verbs.All.Any(v => v.Object == one))
        {
            writer.WriteLine($"Usage: {Program} {one} VERB [OPTIONS] [ARG]...");
            writer.WriteLine();
            foreach (var v in Verbs.All.Where(v => v.Object == one))
                writer.WriteLine($"  {(v.Alias is null ? v.Name : $"{v.Name}|{v.Alias}"),-16} {v.Summary}");
            writer.WriteLine();
            writer.WriteLine($"Run '{Program} {one} VERB -h' for one of them.");
        }
        else if (topic.Count > 0)
        {
            throw new UsageException($"no help on '{string.Join(' ', topic)}'", $"See: {Program} --help, {Program} help exit-codes");
        }
        else
        {
            HelpPage.Write(writer, $"{Program} [OPTIONS] OBJECT VERB [OPTIONS] [ID|RANGE|NAME]...", Overview(),
                ["scitq-manage task list -b mybatch", "scitq-manage task show 12 --json", "scitq-manage task logs -f 12", "scitq-manage help exit-codes"],
                GlobalOptions.All);
        }

        return asked ? ExitCodes.Done : ExitCodes.Usage;
    }

    private static string Overview() => string.Join(Environment.NewLine,
    [
        "Look at tasks, workers and batches, and act on them.",
        "",
        .. Verbs.Objects.Select(o =>
            $"  {o,-10} {string.Join(' ', Verbs.All.Where(v => v.Object == o).Select(v => v.Alias is null ? v.Name : $"{v.Name}|{v.Alias}"))}"),
        "",
        $"Run '{Program} OBJECT -h' or '{Program} OBJECT VERB -h' for more.",
    ]);
}
