using System.Globalization;
using System.Text.Json;
using Scitq.Contracts;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage.Output;

/// <summary>A number of bytes.</summary>
internal readonly record struct Bytes(double Count);

/// <summary>A part of a whole, shown without a fraction.</summary>
internal readonly record struct Percent(double Value);

/// <summary>A point in time shown as short as can be: the time of today, or the day with the time.</summary>
internal readonly record struct Moment(DateTimeOffset Time);

/// <summary>A point in time shown by its age.</summary>
internal readonly record struct Since(DateTimeOffset Time);

/// <summary>A column: its name and how its value is read from an object of the server (with the present time).</summary>
internal sealed record Column(string Name, Func<JsonElement, DateTimeOffset, object?> Read)
{
    /// <summary>A value that says no more than an empty cell.</summary>
    public string? Nothing { get; init; }

    /// <summary>How many characters of a text are kept on the narrowest screen.</summary>
    public int Least { get; init; }

    /// <summary>Heads a table that is short of room.</summary>
    public string ShortName => Name switch
    {
        "task_id" or "worker_id" => "id",
        "execution_id" => "run_id",
        "exit_code" => "exit",
        "command" => "cmd",
        "runtime" => "ran",
        "concurrency" => "slots",
        "prefetch" => "ahead",
        "running" => "busy",
        "disk_free" => "disk",
        "last_seen" => "seen",
        "peak_memory" => "memory",
        _ => Name,
    };

    /// <summary>Whether a part of a value would be of no use.</summary>
    public bool IsWhole => Name is "status" or "id" or "md5" or "kind" || Name.EndsWith("_id", StringComparison.Ordinal);

    public static Column Plain(string name) => new(name, (row, _) => Value(row, name));

    public static Column Renamed(string name, string member) => new(name, (row, _) => Value(row, member));

    public static Column Time(string name) => new(name, (row, _) => row.Time(name));

    public static Column Recent(string name) => new(name, (row, _) => row.Time(name) is { } time ? new Moment(time) : null);

    public static Column Age(string name) => new(name, (row, _) => row.Time(name) is { } time ? new Since(time) : null);

    public static Column Size(string name) => new(name, (row, _) => row.Real(name) is { } bytes ? new Bytes(bytes) : null);

    /// <summary>For programs: full precision, nothing shortened, seconds and bytes as numbers.</summary>
    public static string Machine(object? value) => value switch
    {
        null => "",
        string text => text,
        DateTimeOffset time => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        Since since => Machine(since.Time),
        Moment moment => Machine(moment.Time),
        TimeSpan span => span.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture),
        Bytes bytes => bytes.Count.ToString("0", CultureInfo.InvariantCulture),
        Percent part => part.Value.ToString("0.#", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    /// <summary>For people.</summary>
    public static string Human(object? value, DateTimeOffset now) => value switch
    {
        DateTimeOffset time => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
        Moment moment => Short(moment.Time.ToLocalTime(), now.ToLocalTime()),
        Since since => $"{Duration.Show(now - since.Time)} ago",
        TimeSpan span => Duration.Show(span),
        Bytes bytes => Display.Size(bytes.Count),
        Percent part => part.Value.ToString("0", CultureInfo.InvariantCulture),
        double real => real.ToString("0.##", CultureInfo.InvariantCulture),
        _ => Display.Clean(Machine(value)),
    };

    private static string Short(DateTimeOffset time, DateTimeOffset now) =>
        time.ToString(time.Date == now.Date ? "HH:mm:ss" : time.Year == now.Year ? "MM-dd HH:mm" : "yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static object? Value(JsonElement row, string member)
    {
        if (!row.TryGetProperty(member, out var value)) return null;
        return value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.Undefined => null,
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.TryGetInt64(out var whole) ? whole : value.GetDouble(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            JsonValueKind.Array => member is "argv" or "docker_options" ? ShellWords.JoinForLists(row.Texts(member)) : string.Join(' ', row.Texts(member)),
            _ => value.GetRawText(),
        };
    }
}
