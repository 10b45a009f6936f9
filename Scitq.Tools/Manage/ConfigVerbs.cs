using System.Text.Json;
using System.Text.Json.Nodes;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>Verbs about the settings of the client programs.</summary>
internal static class ConfigVerbs
{
    private static readonly IReadOnlyList<Column> Columns = [Column.Plain("key"), Column.Plain("value"), Column.Plain("source")];

    public static Task<int> ShowAsync(ManageContext context)
    {
        var rows = context.Rows(Columns);
        foreach (var key in ClientKey.All)
        {
            var (value, source) = context.Settings.InForce(key);
            Write(rows, ("key", key.Name), ("value", value), ("source", source));
        }

        rows.Finish();
        return Task.FromResult(ExitCodes.Done);
    }

    public static Task<int> PathAsync(ManageContext context)
    {
        var path = Own(context);
        if (context.Format is Format.Json or Format.Jsonl) Write(new JsonRows(context.Io.Out, array: false), ("path", path), ("exists", File.Exists(path)));
        else context.Io.Out.Write($"{path}\n");
        return Task.FromResult(ExitCodes.Done);
    }

    public static Task<int> SetAsync(ManageContext context)
    {
        var words = context.Line.Operands;
        if (words.Count is not (1 or 2)) throw new UsageException("set takes a setting and its value", $"Known: {ClientKey.Names}");
        var key = ClientKey.Of(words[0]);
        var given = words.ElementAtOrDefault(1);
        if (given is not null and not "-" && key.IsSecret)
            throw new UsageException(
                $"a {key.Name} on the command line stays in the shell's history; nothing was set",
                $"Give it on standard input: {ManageCommand.Program} config set {key.Name} -");
        var value = key.Checked(given is null or "-" ? ReadLine(context, key.Name) : given);
        return ChangeAsync(context, key, JsonValue.Create(value));
    }

    public static Task<int> UnsetAsync(ManageContext context) => context.Line.Operands is [var name]
        ? ChangeAsync(context, ClientKey.Of(name), null)
        : throw new UsageException("unset takes one setting", $"Known: {ClientKey.Names}");

    private static Task<int> ChangeAsync(ManageContext context, ClientKey key, JsonNode? value)
    {
        var path = Own(context);
        ClientFile.Change(path, key.Name, value);
        if (context.Format is Format.Json or Format.Jsonl)
            Write(new JsonRows(context.Io.Out, array: false), ("key", key.Name), ("path", path), ("set", value is not null));
        else if (!context.Quiet)
            context.Io.Error.WriteLine($"{key.Name} is {(value is null ? "not set" : "set")} in {path}");
        // What was set for good may still not hold: an environment variable goes before the file.
        if (NotEmpty(context.Io.Variable(key.Variable)) is not null && !context.Quiet)
            context.Io.Error.WriteLine($"  but the environment variable {key.Variable} goes before it");
        return Task.FromResult(ExitCodes.Done);
    }

    private static string ReadLine(ManageContext context, string name)
    {
        if (context.Io.InputIsTerminal) context.Io.Error.Write($"{name}: ");
        using var reader = new StreamReader(context.Io.Input());
        return reader.ReadLine()?.Trim() ?? "";
    }

    private static string Own(ManageContext context) => ClientFile.OfUser(context.Io)
        ?? throw new ToolException(ExitCodes.Failed, "no_home", "there is no place for a configuration file: neither HOME nor XDG_CONFIG_HOME is set");

    private static void Write(RowWriter rows, params IEnumerable<(string Name, JsonNode? Value)> members)
    {
        using var row = JsonDocument.Parse(new JsonObject(members.Select(m => KeyValuePair.Create(m.Name, m.Value))).ToJsonString());
        rows.Write(row.RootElement);
    }

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
