using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Manage;

/// <summary>The pages of <c>--help</c>: of the program, of an object, of a verb.</summary>
internal static class ManageHelp
{
    public const string Usage = $"{ManageCommand.Program} [OPTIONS] OBJECT VERB [OPTIONS] [ID|RANGE|NAME]...";
    public const string Summary = "Look at tasks, workers and batches, and act on them.";

    public static readonly IReadOnlyList<string> Examples =
        ["scitq-manage task list -b mybatch", "scitq-manage task show 12 --json", "scitq-manage task logs -f 12", "scitq-manage help exit-codes"];

    /// <summary>Asked for, it goes to stdout; as an answer to an incomplete line, to stderr with exit code 2.</summary>
    public static int Show(List<string> topic, bool asked, ToolIo io)
    {
        if (topic.Count > 0) topic[0] = Verbs.Canonical(topic[0]);
        var writer = asked ? io.Out : io.Error;
        var verbs = Verbs.All.Where(v => topic.Count > 0 && v.Object == topic[0]).ToList();
        var verb = topic.Count > 1 ? verbs.Find(v => v.Is(topic[1])) : verbs.Find(v => v.Name.Length == 0);
        if (topic is ["exit-codes"]) ExitCodesPage.Write(writer);
        else if (verb is not null) ShowVerb(writer, verb);
        else if (verbs.Count > 0) ShowObject(writer, topic[0], verbs);
        else if (topic.Count > 0) throw NoPage(topic);
        else HelpPage.Write(writer, Usage, Overview(), Examples, GlobalOptions.All);
        return asked ? ExitCodes.Done : ExitCodes.Usage;
    }

    private static void ShowVerb(TextWriter writer, Verb verb)
    {
        var summary = verb.Alias is null ? verb.Summary : $"{verb.Summary}{Environment.NewLine}Also called: {verb.Object} {verb.Alias}";
        var usage = $"{ManageCommand.Program} {string.Join(' ', verb.Words)} [OPTIONS]{(verb.Operands.Length > 0 ? " " + verb.Operands : "")}";
        HelpPage.Write(writer, usage, summary, verb.Examples, [.. verb.Options, .. GlobalOptions.All]);
    }

    private static void ShowObject(TextWriter writer, string name, IReadOnlyList<Verb> verbs)
    {
        writer.WriteLine($"Usage: {ManageCommand.Program} {name} VERB [OPTIONS] [ARG]...");
        writer.WriteLine();
        foreach (var verb in verbs) writer.WriteLine(HelpPage.Hang($"  {string.Join('|', verb.Names),-16} ", verb.Summary));
        writer.WriteLine();
        writer.WriteLine($"Run '{ManageCommand.Program} {name} VERB -h' for one of them.");
    }

    private static string Overview() => string.Join(Environment.NewLine,
    [
        Summary,
        "",
        .. Verbs.Objects.Select(o => HelpPage.Hang($"  {o,-10} ", string.Join(' ', Verbs.All.Where(v => v.Object == o).Select(Words)))),
        "",
        $"Run '{ManageCommand.Program} OBJECT -h' or '{ManageCommand.Program} OBJECT VERB -h' for more.",
    ]);

    private static string Words(Verb verb) => verb.Name.Length > 0 ? string.Join('|', verb.Names) : verb.Summary;

    private static UsageException NoPage(IReadOnlyList<string> topic) => new(
        $"no help on '{string.Join(' ', topic)}'{Near.DidYouMean(topic[0], [.. Verbs.Objects, "exit-codes"])}",
        $"See: {ManageCommand.Program} --help, {ManageCommand.Program} help exit-codes");
}
