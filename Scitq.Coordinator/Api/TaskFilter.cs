using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Primitives;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>A choice of tasks; a property that is empty does not narrow it.</summary>
internal sealed record TaskFilter
{
    public IReadOnlyList<string> Batches { get; init; } = [];

    public IReadOnlyList<TaskState> States { get; init; } = [];

    public IReadOnlyList<string> Workers { get; init; } = [];

    public IReadOnlyList<FailureClass> Classes { get; init; } = [];

    public string? Name { get; init; }

    public int? ExitCode { get; init; }

    public DateTime? Since { get; init; }

    public DateTime? Until { get; init; }

    /// <summary>What the command looks like, as SQL's LIKE has it.</summary>
    public string? CommandLike { get; init; }

    /// <summary>Whose user wants them to stand still. Only actions narrow by this.</summary>
    public bool ToStandStill { get; init; }

    public bool IsEmpty => this is
    {
        Batches.Count: 0, States.Count: 0, Workers.Count: 0, Classes.Count: 0,
        Name: null, ExitCode: null, Since: null, Until: null, CommandLike: null,
    };

    /// <exception cref="InvalidRequestException">A value can't be read.</exception>
    public static TaskFilter Read(IQueryCollection query) => new()
    {
        Batches = Words(query["batch"]),
        States = Enums<TaskState>("status", query["status"]),
        Workers = Words(query["worker"]),
        Classes = Enums<FailureClass>("class", query["class"]),
        Name = Text(query["name"]),
        ExitCode = Number("exit_code", query["exit_code"]) is { } code ? (int)Math.Clamp(code, int.MinValue, int.MaxValue) : null,
        Since = Time("since", Text(query["since"])),
        Until = Time("until", Text(query["until"])),
        CommandLike = Text(query["command_like"]),
    };

    public IQueryable<TaskSaga> Apply(IQueryable<TaskSaga> tasks)
    {
        if (Batches.Count == 1) tasks = tasks.Where(t => t.Batch == Batches[0]);
        else if (Batches.Count > 1) tasks = tasks.Where(t => Batches.Contains(t.Batch));
        if (States.Count == 1) tasks = tasks.Where(t => t.State == States[0]);
        else if (States.Count > 1) tasks = tasks.Where(t => States.Contains(t.State));
        if (Workers.Count > 0) tasks = tasks.Where(t => Workers.Contains(t.Worker!));
        if (Classes.Count > 0)
        {
            var classes = Classes.Select(c => (FailureClass?)c).ToList();
            tasks = tasks.Where(t => classes.Contains(t.Failure));
        }

        if (Name is not null) tasks = tasks.Where(t => t.Name == Name);
        if (ExitCode is not null) tasks = tasks.Where(t => t.ExitCode == ExitCode);
        if (Since is not null) tasks = tasks.Where(t => t.Created >= Since);
        if (Until is not null) tasks = tasks.Where(t => t.Created < Until);
        if (CommandLike is not null) tasks = tasks.Where(t => EF.Functions.Like(ScitqDb.Command(t.SpecJson), CommandLike, "\\"));
        if (ToStandStill) tasks = tasks.Where(t => t.PauseTurn % 2 == 1);
        return tasks;
    }

    /// <summary>Repeated or separated by commas.</summary>
    public static IReadOnlyList<string> Words(StringValues values) =>
        [.. values.SelectMany(v => (v ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Distinct()];

    public static IReadOnlyList<TEnum> Enums<TEnum>(string member, StringValues values)
        where TEnum : struct, Enum =>
        [.. Words(values).Select(word => Enum.TryParse<TEnum>(word, ignoreCase: true, out var value) && char.IsLetter(word[0])
            ? value
            : throw new InvalidRequestException($"{member} '{word}' is not one of {string.Join(", ", Enum.GetNames<TEnum>()).ToLowerInvariant()}."))];

    public static long? Number(string member, StringValues values) =>
        Text(values) is not { } text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw new InvalidRequestException($"{member} '{text}' is not a whole number.");

    public static bool Flag(string member, StringValues values) => Text(values) switch
    {
        null or "false" or "0" => false,
        "" or "true" or "1" => true,
        var text => throw new InvalidRequestException($"{member} '{text}' is neither true nor false."),
    };

    /// <summary>How many are wanted on a page: 0 is as many as there may be.</summary>
    public static int Limit(StringValues values, int usual)
    {
        var limit = Number("limit", values) ?? usual;
        if (limit is < 0 or > 1000) throw new InvalidRequestException($"limit {limit} is not between 0 and 1000.");
        return limit == 0 ? 1000 : (int)limit;
    }

    public static string? Text(StringValues values) => values.Count == 0 ? null : values[^1];

    public static DateTime? Time(string member, string? text) =>
        text is null ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.UtcDateTime
        : throw new InvalidRequestException($"{member} '{text}' is not a time like 2026-01-31T12:00:00Z.");
}
