using System.Text.Json;
using System.Text.Json.Serialization;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>An action, and the tasks that it is for. The action's own arguments stand beside these members.</summary>
/// <param name="Action">The name of an action.</param>
/// <param name="Ids">Task numbers or GUIDs.</param>
/// <param name="Filter">Instead of ids: properties that the tasks have in common.</param>
/// <param name="DryRun">Only say which tasks it would be.</param>
internal sealed record ActionBody(string? Action, IReadOnlyList<JsonElement>? Ids, ActionFilter? Filter, bool DryRun = false)
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; init; }

    /// <summary>The action that is meant.</summary>
    /// <exception cref="InvalidRequestException">There is none of that name, or a member that none takes.</exception>
    public TaskAction Find(IReadOnlyList<TaskAction> actions)
    {
        List<string> known = [.. SubmissionReader.Members(GetType()), .. actions.SelectMany(a => SubmissionReader.Members(a.Arguments)).Distinct()];
        if (Others?.Keys.FirstOrDefault(k => !known.Contains(k)) is { } unknown)
            throw new InvalidRequestException($"unknown member '{unknown}': {StrictBody.DidYouMean(unknown, known)}");
        return actions.FirstOrDefault(a => a.Name == Action)
            ?? throw new InvalidRequestException($"action '{Action}' is not one of {string.Join(", ", actions.Select(a => a.Name))}.");
    }

    /// <summary>What stands beside, in the form that the action takes.</summary>
    /// <exception cref="InvalidRequestException">It has no such form.</exception>
    public ActionArguments Arguments(TaskAction action)
    {
        var known = SubmissionReader.Members(action.Arguments);
        if (Others?.Keys.FirstOrDefault(k => !known.Contains(k)) is { } foreign)
            throw new InvalidRequestException($"action '{action.Name}' takes no member '{foreign}'.");
        return (ActionArguments)SubmissionReader.Read(action.Arguments, Others ?? []);
    }
}
