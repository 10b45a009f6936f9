using System.Globalization;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage;

namespace Scitq.Tools.Manual;

/// <summary>A manual page in the language of <c>man</c>, from the same table as the help.</summary>
internal static class ManPage
{
    public static void Write(TextWriter writer, ProgramTable program, DateTimeOffset made)
    {
        var date = made.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        writer.WriteLine($".TH {program.Name.ToUpperInvariant()} 1 {date} \"{ToolVersion.Text("scitq")}\" \"Scitq\"");
        writer.WriteLine(".nh");
        Heading(writer, "NAME");
        writer.WriteLine($"{Escaped(program.Name)} \\- {Escaped(Gist(program))}");
        Heading(writer, "SYNOPSIS");
        Line(writer, program.Usage);
        Heading(writer, "DESCRIPTION");
        Paragraphs(writer, program.Summary);
        if (program.Text.Length > 0)
        {
            writer.WriteLine(".PP");
            Paragraphs(writer, program.Text);
        }

        if (program.Commands.Count > 0)
        {
            Heading(writer, "COMMANDS");
            foreach (var command in program.Commands) WriteCommand(writer, program, command);
        }

        Heading(writer, program.Commands.Count > 0 ? "OPTIONS OF EVERY COMMAND" : "OPTIONS");
        foreach (var option in program.Options) Item(writer, option.Names.Trim(), Help(option));
        if (program.Examples.Count > 0)
        {
            Heading(writer, "EXAMPLES");
            Literal(writer, program.Examples);
        }

        Heading(writer, "EXIT STATUS");
        Literal(writer, ExitCodesPage.Text.Split('\n').Skip(2));
        Heading(writer, "FILES");
        Item(
            writer, "$XDG_CONFIG_HOME/scitq/config.json, /etc/scitq/client.json", "Settings of yours and of this machine; see scitq-manage config show.");
        Heading(writer, "SEE ALSO");
        writer.WriteLine(string.Join(", ", Programs.All.Where(p => p.Name != program.Name).Select(p => $"\\fB{Escaped(p.Name)}\\fR(1)")));
    }

    private static void WriteCommand(TextWriter writer, ProgramTable program, SubCommand command)
    {
        writer.WriteLine($".SS \"{Quoted($"{string.Join(' ', command.Words)} {command.Operands}".TrimEnd())}\"");
        Line(writer, command.Summary);
        if (command.Alias is not null) Line(writer, $"Also called: {string.Join(' ', [.. command.Words.SkipLast(1), command.Alias])}.");
        foreach (var option in command.Options) Item(writer, option.Names.Trim(), Help(option));
        if (command.Examples.Count == 0) return;
        writer.WriteLine(".PP");
        writer.WriteLine(command.Examples.Count == 1 ? "Example:" : "Examples:");
        writer.WriteLine(".PP");
        Literal(writer, command.Examples);
    }

    /// <summary>The first sentence, as the index of manuals wants it.</summary>
    private static string Gist(ProgramTable program)
    {
        var end = program.Summary.AsSpan().IndexOfAny(".:");
        var gist = program.Summary[..(end < 0 ? program.Summary.Length : end)].ReplaceLineEndings(" ");
        return char.ToLowerInvariant(gist[0]) + gist[1..];
    }

    private static string Help(Option option) => option.Help + (option.Given == Given.Many ? " (repeatable)" : "");

    private static void Heading(TextWriter writer, string text) => writer.WriteLine($".SH \"{text}\"");

    private static void Item(TextWriter writer, string name, string text)
    {
        writer.WriteLine(".TP");
        writer.WriteLine($"\\fB{Escaped(name)}\\fR");
        Line(writer, text);
    }

    private static void Paragraphs(TextWriter writer, string text)
    {
        foreach (var line in text.Split('\n'))
            if (line.Trim().Length > 0) Line(writer, line.Trim());
    }

    private static void Literal(TextWriter writer, IEnumerable<string> lines)
    {
        writer.WriteLine(".nf");
        foreach (var line in lines) Line(writer, line.TrimEnd());
        writer.WriteLine(".fi");
    }

    /// <summary>A dot or a quote that begins a line would be a command.</summary>
    private static void Line(TextWriter writer, string text) =>
        writer.WriteLine(text.Length > 0 ? (text[0] is '.' or '\'' ? "\\&" : "") + Escaped(text) : text.Length == 0 ? "\\&" : text);

    private static string Quoted(string text) => Escaped(text).Replace("\"", "\\(dq", StringComparison.Ordinal);

    /// <summary>Dashes, quotes and carets are printed as they are typed: examples are copied from here.</summary>
    private static string Escaped(string text) => text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal)
        .Replace("'", "\\(aq", StringComparison.Ordinal).Replace("`", "\\(ga", StringComparison.Ordinal).Replace("^", "\\(ha", StringComparison.Ordinal)
        .Replace("~", "\\(ti", StringComparison.Ordinal).Replace("…", "...", StringComparison.Ordinal);
}
