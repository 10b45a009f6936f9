using Scitq.Tools.CommandLine;
using Scitq.Tools.Completion;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Manual;

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

        if (rest.Count == 0 || rest[0] == "help") return ManageHelp.Show([.. rest.Skip(1)], before.Help || rest.Count > 0, io);
        // Of the shells' scripts and of the build; people have no use for them.
        if (rest[0] == "complete") return await CompleteCommand.RunAsync([.. rest.Skip(1)], io);
        if (rest[0] == "share") return SharedFiles.Write([.. rest.Skip(1)], io);
        var objectName = Verbs.Canonical(rest[0]);
        var verbs = Verbs.All.Where(v => v.Object == objectName).ToList();
        if (verbs.Count == 0) throw UnknownObject(objectName, [.. rest.Skip(1)]);
        if (verbs is [{ Name: "" } only])
        {
            var alone = Splitter.Split([.. rest.Skip(1)], [.. only.Options, .. GlobalOptions.All], permute: true);
            return await RunAsync(only, alone, before, io);
        }

        var between = Splitter.Split([.. rest.Skip(1)], GlobalOptions.All, permute: false);
        if (between.Operands.Count == 0) return ManageHelp.Show([objectName], before.Help || between.Help, io);
        var verbName = between.Operands[0];
        var verb = verbs.Find(v => v.Is(verbName))
            ?? throw new UsageException(
                $"unknown verb '{verbName}' of {objectName}{Near.DidYouMean(verbName, verbs.SelectMany(v => v.Names))}",
                $"Known: {string.Join(", ", verbs.Select(v => v.Name))}. See: {Program} {objectName} --help");

        var line = Splitter.Split([.. between.Operands.Skip(1)], [.. verb.Options, .. GlobalOptions.All], permute: true);
        line.AddFrom(between);
        return await RunAsync(verb, line, before, io);
    }

    private static async Task<int> RunAsync(Verb verb, ParsedLine line, ParsedLine before, ToolIo io)
    {
        line.AddFrom(before);
        if (line.Help) return ManageHelp.Show([.. verb.Words], true, io);
        if (verb.Operands.Length == 0 && line.Operands.Count > 0)
            throw new UsageException(
                $"{string.Join(' ', verb.Words)} takes no '{line.Operands[0]}'", $"See: {Program} {string.Join(' ', verb.Words)} --help");
        return await RunAsync(verb, line, io);
    }

    /// <summary>The words may stand the wrong way round, or the object may have been forgotten.</summary>
    private static UsageException UnknownObject(string name, IReadOnlyList<string> next)
    {
        var turned = next.Count > 0 ? Verbs.All.FirstOrDefault(v => v.Is(name) && v.Object == Verbs.Canonical(next[0])) : null;
        var objects = Verbs.All.Where(v => v.Is(name)).Select(v => v.Object).ToList();
        var meant = turned is not null ? $" (did you mean {turned.Object} {turned.Name}?)"
            : objects.Count > 0 ? $" ('{name}' is a verb of {string.Join(", ", objects)})"
            : Near.DidYouMean(name, Verbs.Objects);
        return new UsageException($"unknown object '{name}'{meant}", $"Known: {string.Join(", ", Verbs.Objects)}. See: {Program} --help");
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
}
