using System.Text.Json;
using Scitq.Contracts;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>
/// The tasks that an action is for. Each of the first four members is one text or a list; a member that is left out does not narrow the filter, but one
/// must be there, or <c>all</c>.
/// </summary>
internal sealed record ActionFilter(JsonElement Batch, JsonElement Status, JsonElement Worker, JsonElement Class)
{
    public string? Name { get; init; }

    public int? ExitCode { get; init; }

    /// <summary>Made at this time or later.</summary>
    public string? Since { get; init; }

    /// <summary>Made before this time.</summary>
    public string? Until { get; init; }

    /// <summary>What the command looks like, its words with a blank between: % stands for anything, _ for one character.</summary>
    public string? CommandLike { get; init; }

    /// <summary>Every task, which an empty filter does not mean.</summary>
    public bool All { get; init; }

    /// <exception cref="InvalidRequestException">A member can't be read, or there is none.</exception>
    public TaskFilter Read()
    {
        var filter = new TaskFilter
        {
            Batches = TaskFilter.Words(Texts("batch", Batch)),
            States = TaskFilter.Enums<TaskState>("status", Texts("status", Status)),
            Workers = TaskFilter.Words(Texts("worker", Worker)),
            Classes = TaskFilter.Enums<FailureClass>("class", Texts("class", Class)),
            Name = Name,
            ExitCode = ExitCode,
            Since = TaskFilter.Time("since", Since),
            Until = TaskFilter.Time("until", Until),
            CommandLike = CommandLike,
        };
        if (filter.IsEmpty == All) return filter;
        throw new InvalidRequestException(All
            ? "the filter names all tasks, and others beside: give one or the other."
            : "the filter is empty, and so would mean every task: give at least one member, or 'all'.");
    }

    private static string[] Texts(string member, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => [],
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array when value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String) =>
            [.. value.EnumerateArray().Select(e => e.GetString()!)],
        _ => throw new InvalidRequestException($"the member 'filter.{member}' is neither a text nor a list of texts."),
    };
}
