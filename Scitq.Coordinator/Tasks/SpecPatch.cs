using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Scitq.Contracts;

namespace Scitq.Coordinator.Tasks;

/// <summary>
/// What a user wants changed of specifications: members by their names in the REST API, null for none, and a substitution in the words of the command.
/// </summary>
internal sealed class SpecPatch(IReadOnlyDictionary<string, JsonElement> members, Substitution? substitution = null)
{
    private const string Batch = "batch";

    // As people write it, not as a web page would have to.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether tasks are to require others than before.</summary>
    public bool ChangesRequirements { get; } = members.Keys.Any(k => k is "requirements" or "after_any" or "on_requirement_failure");

    /// <summary>The specification as it would be.</summary>
    public SpecEdit Apply(TaskSpec spec)
    {
        // Moving many is no reason to write them all out.
        if (members.Count == 1 && substitution is null && members.TryGetValue(Batch, out var moved) && moved.GetString() is { } batch)
            return SpecEdit.Of(spec with { Batch = batch }, batch == spec.Batch ? "" : $"batch: {Text(JsonValue.Create(spec.Batch))} → {moved.GetRawText()}");

        var before = JsonSerializer.SerializeToNode(spec, ScitqJson.Rest)!.AsObject();
        var after = before.DeepClone().AsObject();
        foreach (var (name, value) in members)
        {
            if (value.ValueKind != JsonValueKind.Null) after[name] = JsonSerializer.SerializeToNode(value);
            else if (name == "argv") after[name] = new JsonArray();
            else after.Remove(name);
        }

        var changed = after.Deserialize<TaskSpec>(ScitqJson.Rest)!;
        if (substitution is not null) changed = changed with { Argv = substitution.Apply(changed.Argv) };
        after = JsonSerializer.SerializeToNode(changed, ScitqJson.Rest)!.AsObject();
        return SpecEdit.Of(changed, string.Join("; ", before.Where(m => !JsonNode.DeepEquals(m.Value, after[m.Key])).Select(m => m.Key == "argv"
            ? $"command: {ShellWords.Join(spec.Argv)} → {ShellWords.Join(changed.Argv)}"
            : $"{m.Key}: {Text(m.Value)} → {Text(after[m.Key])}")));
    }

    private static string Text(JsonNode? value) => value?.ToJsonString(Plain) ?? "none";
}
