using System.Text.Json;
using Scitq.Contracts;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Launch;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>What task update and task move take beside the tasks, and how the server is told of it.</summary>
internal static class TaskUpdate
{
    public static readonly Option Restart = new("restart", '\0', null, "stop what runs and begin it anew; relaunch what has ended") { Section = What };

    public static readonly IReadOnlyList<Option> Options =
    [
        new("new-name", 'N', "NAME", "another name") { Section = What },
        new("new-batch", '\0', "NAME", "another batch, as task move") { Section = What },
        new("command", 'c', "TEXT", "another command: TEXT, split into words as a shell would; or give its words after --") { Section = What },
        new("shell", '\0', "TEXT", "another command: sh -c TEXT") { Section = What },
        new("command-sub", '\0', "s/A/B/", "replace what matches A in the command by B; s/A/B/g all of it, s/A/B/i in either case") { Section = What },
        new("docker", 'd', "IMAGE", "run inside this image; '' runs it on the worker itself") { Section = What },
        new("option", 'O', "OPTIONS", "docker run options in one quoted string") { Section = What },
        new("input", 'j', "URI", "these inputs instead") { Section = What, Given = Given.Many },
        new("resource", 'r', "URI[|ACTION]", "these resources instead") { Section = What, Given = Given.Many },
        new("output", 'o', "URI", "another folder that receives the output") { Section = What },
        new("retry", '\0', "N", "run again up to N times after a failure; those it had count") { Section = What },
        new("run-timeout", '\0', "DUR", "kill the command after DUR; '' never") { Section = What },
        new("download-timeout", '\0', "DUR", "give up fetching inputs and resources after DUR; '' never") { Section = What },
        new("requirements", 'R', "IDS", "start when these have succeeded; '' requires none") { Section = What, Given = Given.Many },
        new("after-any", '\0', "IDS", "start when these have ended, however; '' waits for none") { Section = What, Given = Given.Many },
        new("on-requirement-failure", '\0', "WHAT", "when a task of -R fails, is cancelled or deleted: wait or cancel") { Section = What },
        Restart,
    ];

    private const string What = "What is to change";

    /// <summary>Options whose value is a member of the specification as scitq-launch makes it.</summary>
    private static readonly (string Option, string Member)[] Made =
    [
        ("docker", "image"), ("option", "docker_options"), ("input", "inputs"), ("resource", "resources"), ("output", "output"), ("retry", "retry"),
        ("run-timeout", "run_timeout"), ("download-timeout", "download_timeout"), ("requirements", "requirements"), ("after-any", "after_any"),
        ("on-requirement-failure", "on_requirement_failure"),
    ];

    public static void Write(ManageContext context, Utf8JsonWriter json)
    {
        var line = context.Line;
        var given = Made.Where(m => line.Has(m.Option)).ToList();
        var command = Command(line);
        if (given.Count == 0 && command is null && !line.Has("new-name") && !line.Has("new-batch") && !line.Has("command-sub"))
            throw new UsageException("nothing to change: give a new value, like -- COMMAND or -d IMAGE", "See: scitq-manage task update --help");
        json.WriteStartObject("set");
        if (line.Has("new-name")) WriteText(json, "name", line.Value("new-name")!);
        if (line.Value("new-batch") is { } batch) json.WriteString("batch", batch);
        if (command is not null) json.WriteList("argv", command);
        if (given.Count > 0) WriteMade(line, json, given);
        json.WriteEndObject();
        if (line.Value("command-sub") is { } substitution) json.WriteString("command_sub", substitution);
        json.WriteIf("restart", line.Has("restart"));
    }

    /// <summary>The batch is the first operand.</summary>
    public static void WriteMove(ManageContext context, Utf8JsonWriter json)
    {
        if (context.Line.Operands is not [var batch, ..]) throw new UsageException("to which batch? give its name before the tasks");
        if (BatchName.Problem(batch) is { } problem) throw new UsageException(problem);
        json.WriteString("batch", batch);
        json.WriteIf("restart", context.Line.Has("restart"));
    }

    /// <summary>What is said of a task that was changed, and does not run so yet.</summary>
    public static string? Note(JsonElement task) =>
        task.Flag("restart_requested") ? "; its worker stops it, and it begins anew"
        : task.Flag("update_pending") ? "; it has ended, and its next relaunch is the changed one"
        : null;

    private static IReadOnlyList<string>? Command(ParsedLine line)
    {
        if ((line.Has("command") ? 1 : 0) + (line.Has("shell") ? 1 : 0) + (line.AfterEnd.Count > 0 ? 1 : 0) > 1)
            throw new UsageException("the command was given in two ways: give its words after --, or -c TEXT, or --shell TEXT");
        if (line.Value("shell") is { } text) return ["sh", "-c", text];
        if (line.Value("command") is not { } given) return line.AfterEnd.Count > 0 ? line.AfterEnd : null;
        return ShellWords.TrySplit(given, out var words, out var problem)
            ? words
            : throw new UsageException($"command '{given}' cannot be split into words: the text {problem}");
    }

    private static void WriteMade(ParsedLine line, Utf8JsonWriter json, List<(string Option, string Member)> given)
    {
        foreach (var (_, member) in given.Where(g => IsEmpty(line, g.Option))) json.WriteNull(member);
        var made = given.Where(g => !IsEmpty(line, g.Option)).ToList();
        if (made.Count == 0) return;
        // Its own options alone: -b and -n say which tasks.
        var part = new ParsedLine();
        foreach (var (option, _) in made)
            foreach (var value in line.All(option)) part.Add(option, value);
        var spec = JsonSerializer.SerializeToElement(new SpecBuilder(part, null).Read(), SpecJson.Default.TaskSpec);
        foreach (var (_, member) in made)
        {
            json.WritePropertyName(member);
            spec.GetProperty(member).WriteTo(json);
        }
    }

    private static bool IsEmpty(ParsedLine line, string option) => line.All(option).All(v => v.Trim().Length == 0);

    private static void WriteText(Utf8JsonWriter json, string member, string text)
    {
        if (text.Length > 0) json.WriteString(member, text);
        else json.WriteNull(member);
    }
}
