using System.Text.Json;
using System.Text.Json.Serialization;
using Scitq.Coordinator.Api.Actions;

namespace Scitq.Coordinator.Api.WorkerActions;

/// <summary>An action, and the workers that it is for. The action's own arguments stand beside these members.</summary>
/// <param name="Action">The name of an action.</param>
/// <param name="Workers">Names or numbers.</param>
/// <param name="Batches">Instead, or beside: all workers that serve them.</param>
/// <param name="DryRun">Only say which workers it would be.</param>
internal sealed record WorkerActionBody(string? Action, IReadOnlyList<string>? Workers, IReadOnlyList<string>? Batches, bool DryRun = false)
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; init; }

    /// <summary>The action that is meant, and what stands beside in the form that it takes.</summary>
    /// <exception cref="InvalidRequestException">There is none of that name, or none that takes those members.</exception>
    public (WorkerAction Action, ActionArguments Arguments) Read(IReadOnlyList<WorkerAction> actions)
    {
        List<string> known = [.. SubmissionReader.Members(GetType()), .. actions.SelectMany(a => SubmissionReader.Members(a.Arguments)).Distinct()];
        if (Others?.Keys.FirstOrDefault(k => !known.Contains(k)) is { } unknown)
            throw new InvalidRequestException($"unknown member '{unknown}': {StrictBody.DidYouMean(unknown, known)}");
        var action = actions.FirstOrDefault(a => a.Name == Action)
            ?? throw new InvalidRequestException($"action '{Action}' is not one of {string.Join(", ", actions.Select(a => a.Name))}.");
        var own = SubmissionReader.Members(action.Arguments);
        if (Others?.Keys.FirstOrDefault(k => !own.Contains(k)) is { } foreign)
            throw new InvalidRequestException($"action '{action.Name}' takes no member '{foreign}'.");
        if (Workers is not { Count: > 0 } && Batches is not { Count: > 0 })
            throw new InvalidRequestException("which workers? give 'workers', 'batches' or both.");
        return (action, (ActionArguments)SubmissionReader.Read(action.Arguments, Others ?? []));
    }
}
