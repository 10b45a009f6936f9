using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Scitq.Contracts;
using Scitq.Coordinator.Api.Actions;
using Scitq.Coordinator.Api.WorkerActions;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Api;

/// <summary>
/// Bodies are read to the letter: a member that is not known, or is there twice, is refused, because the wish behind it would be passed
/// over. Messages on the bus are read leniently, for their senders may be newer.
/// </summary>
internal static partial class StrictBody
{
    /// <summary>The types of the bodies that may be sent, for the description of the API.</summary>
    public static readonly IReadOnlyList<Type> Types =
        [typeof(TaskSpec), typeof(BulkSubmission), typeof(ActionBody), typeof(ActionFilter), typeof(SettingsChange), typeof(WorkerActionBody),
            typeof(PruneBody)];

    /// <summary>Whether it is the body of a request.</summary>
    public static bool Is(Type type) => Types.Contains(type) || type.IsAssignableTo(typeof(ActionArguments));

    /// <summary>Scitq's JSON, strictly.</summary>
    public static JsonSerializerOptions Options(params IEnumerable<JsonConverter> converters)
    {
        var options = new JsonSerializerOptions(ScitqJson.Rest)
        {
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            AllowDuplicateProperties = false,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { AddId } },
        };
        foreach (var converter in converters) options.Converters.Add(converter);
        return options;
    }

    /// <summary>The serializer's words, without its types, and with the name that was meant.</summary>
    public static string Defect(JsonException e, Type body, JsonSerializerOptions options)
    {
        // A converter of ours has found the error, and has words for it.
        if (e.InnerException is InvalidRequestException told) return told.Message;
        if (Unknown().Match(e.Message) is { Success: true } unknown)
            return Unmapped(unknown.Groups[1].Value, unknown.Groups[2].Value, body, options) + At(e, body);
        if (e.Message.StartsWith("Duplicate", StringComparison.Ordinal))
        {
            var member = Quoted().Match(e.Message) is { Success: true } twice ? twice.Groups[1].Value : e.Path?.Split('.')[^1];
            return $"the member '{member}' is there twice.{At(e, body)}";
        }

        if (e.Message.Contains("missing required properties", StringComparison.Ordinal))
            return $"the member {e.Message[(e.Message.LastIndexOf(": ", StringComparison.Ordinal) + 2)..].TrimEnd('.')} is missing.";
        if (e.Path?.TrimStart('$', '.') is { Length: > 0 } path && e.Message.Contains("could not be converted", StringComparison.Ordinal))
            return $"the member '{path}' has a value of the wrong kind.";
        return e.LineNumber is { } line ? $"the body is not the JSON that is expected here (line {line + 1}): {e.Message.Split(" Path: ")[0]}" : e.Message;
    }

    /// <summary>A phrase about an unknown name: the name that may have been meant, or all names that there are.</summary>
    public static string DidYouMean(string typed, IReadOnlyList<string> known) =>
        NearestName.Of(typed, known) is { } near ? $"did you mean '{near}'?" : known.Count == 0 ? "there is none." : $"there are {string.Join(", ", known)}.";

    private static string Unmapped(string name, string type, Type body, JsonSerializerOptions options)
    {
        var members = options.GetTypeInfo(Types.FirstOrDefault(t => t.FullName == type) ?? body).Properties.Select(p => p.Name).ToList();
        return $"unknown member '{name}': {DidYouMean(name, members)}";
    }

    // The line of one task among many is not known; the error names the task by its number instead.
    private static string At(JsonException e, Type body) => body != typeof(TaskSpec) && e.LineNumber is > 0 and var line ? $" (line {line + 1})" : "";

    /// <summary>The id is a member of a submission, and not of the spec beside whose members it stands; it is read by itself.</summary>
    private static void AddId(JsonTypeInfo info)
    {
        if (info.Type != typeof(TaskSpec)) return;
        var id = info.CreateJsonPropertyInfo(typeof(JsonElement), "id");
        id.Set = static (_, _) => { };
        info.Properties.Add(id);
    }

    [GeneratedRegex(@"^The JSON property '(.*)' could not be mapped to any \.NET member contained in type '([^']*)'", RegexOptions.Singleline)]
    private static partial Regex Unknown();

    [GeneratedRegex("'([^']*)'")]
    private static partial Regex Quoted();
}

/// <summary>The body of a request that needs none: empty, or an object without members.</summary>
internal sealed record NoBody;
