using System.Globalization;
using System.Text.Json;
using Scitq.Contracts;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>The tasks that a call is about: ids and names given as options or operands, or a filter.</summary>
internal sealed class TaskSelection
{
    private static readonly string[] Classes = [.. Enum.GetNames<FailureClass>().Select(n => n.ToLowerInvariant())];
    private static readonly string[] States = [.. Enum.GetNames<TaskState>().Select(n => n.ToLowerInvariant())];

    private readonly ManageContext _context;
    private readonly List<string> _ids = [];
    private readonly List<string> _names;

    public TaskSelection(ManageContext context, IEnumerable<string>? operands = null)
    {
        _context = context;
        _names = [.. context.Line.All("name")];
        foreach (var id in context.Line.All("id"))
            if (!Ids.TryParse(id, _ids)) throw new UsageException($"-i '{id}' is no task id: give a number, a range like 15-20, a list, or a GUID");
        foreach (var operand in operands ?? context.Line.Operands)
            if (!Ids.TryParse(operand, _ids)) _names.Add(operand);
    }

    /// <summary>Whether tasks are named one by one, by id or name.</summary>
    public bool IsNamed => _ids.Count + _names.Count > 0;

    public IReadOnlyList<string> Batches => Split("batch", null);

    public bool HasFilter => Filters().Any(f => f.Values.Count > 0);

    /// <summary>The filter as a query: <c>batch=…&amp;status=…</c>; names too.</summary>
    public string Query() => string.Join(
        '&',
        Filters().Append(new("name", _names)).SelectMany(f => f.Values.Select(v => $"{f.Name}={Uri.EscapeDataString(v)}")));

    /// <summary>The filter as members of an object.</summary>
    public void WriteFilter(Utf8JsonWriter json)
    {
        foreach (var (name, values) in Filters().Where(f => f.Values.Count > 0))
        {
            if (name is "exit_code") json.WriteNumber(name, int.Parse(values[0], CultureInfo.InvariantCulture));
            else if (name is "since" or "until" or "command_like") json.WriteString(name, values[0]);
            else json.WriteList(name, values);
        }
    }

    /// <summary>What the tasks are to have in common, but for their names, in the server's words.</summary>
    public IEnumerable<Narrowing> Filters() =>
    [
        new("batch", Split("batch", null)),
        new("status", Split("status", States)),
        new("worker", Split("worker", null)),
        new("class", Split("class", Classes)),
        new("exit_code", One("exit-code", Number)),
        new("since", One("since", text => Time("since", text))),
        new("until", One("until", text => Time("until", text))),
        new("command_like", One("command-like", text => text)),
    ];

    /// <summary>The tasks named one by one; a name stands for all tasks of that name, newest first.</summary>
    public async Task<IReadOnlyList<string>> NamedAsync()
    {
        if (!IsNamed) throw new UsageException("which task? give its id (a number, a range like 15-20, a GUID) or -n NAME", "See: scitq-manage task list");
        var ids = new List<string>(_ids);
        foreach (var name in _names) ids.AddRange(await ByNameAsync(name));
        return [.. ids.Distinct()];
    }

    /// <summary>Exactly one task; of several with the same name the newest.</summary>
    public async Task<string> OneAsync()
    {
        if (!IsNamed) throw new UsageException("which task? give its id (a number or a GUID) or -n NAME", "See: scitq-manage task list");
        if (_ids.Count + _names.Count > 1) throw new UsageException("this is about one task, but several were given");
        if (_ids.Count == 1) return _ids[0];
        var found = await ByNameAsync(_names[0]);
        if (found.Count > 1 && !_context.Quiet)
            _context.Io.Error.WriteLine($"{ManageCommand.Program}: note: {found.Count} tasks have the name '{Display.Clean(_names[0])}'; this is the newest, "
                + $"{found[0]}");
        return found[0];
    }

    private async Task<List<string>> ByNameAsync(string name)
    {
        var found = new List<string>();
        var batches = Split("batch", null);
        var query = string.Join('&', batches.Select(b => $"batch={Uri.EscapeDataString(b)}").Prepend($"name={Uri.EscapeDataString(name)}"));
        await foreach (var task in new Pages(_context).ReadAsync("tasks", query, 0, null))
            if (task.Text("name") == name) found.Add(task.Number("task_id")?.ToString(CultureInfo.InvariantCulture) ?? task.Text("id") ?? "");
        var where = batches.Count > 0 ? $" in batch '{string.Join("', '", batches)}'" : "";
        return found.Count > 0
            ? found
            : throw new ToolException(
                ExitCodes.NotFound, "not_found", $"no task named '{name}'{where}",
                $"See: scitq-manage task list{(batches.Count > 0 ? " -b " + batches[0] : "")}");
    }

    private List<string> Split(string option, string[]? known)
    {
        List<string> values = [.. _context.Line.All(option)
            .SelectMany(v => v.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        if (known is not null && values.Find(v => !known.Contains(v)) is { } unknown)
            throw new UsageException($"there is no {option} '{unknown}'{Near.DidYouMean(unknown, known)}", $"Known: {string.Join(", ", known)}");
        return values;
    }

    private List<string> One(string option, Func<string, string> read) => _context.Line.Value(option) is { } text ? [read(text)] : [];

    private static string Number(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        ? number.ToString(CultureInfo.InvariantCulture)
        : throw new UsageException($"--exit-code '{text}' is not a number");

    private string Time(string option, string text)
    {
        var time = Duration.TryParse(text, out var ago) ? _context.Io.Clock.GetUtcNow() - TimeSpan.FromSeconds(ago)
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var given) ? given
            : throw new UsageException($"--{option} '{text}' is neither a time like 2026-11-22T10:00 nor an age like 2h");
        return time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }

    /// <summary>One property, and the values that it may have; none does not narrow.</summary>
    internal sealed record Narrowing(string Name, IReadOnlyList<string> Values);
}
