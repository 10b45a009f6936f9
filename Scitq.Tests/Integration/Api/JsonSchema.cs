using System.Text.Json;

namespace Scitq.Tests.Integration.Api;

/// <summary>As much of JSON Schema as our description of the API uses.</summary>
internal sealed class JsonSchema(JsonElement document)
{
    /// <summary>What is wrong with the answer to a request; null if nothing is.</summary>
    public string? Problem(string method, string path, int status, JsonElement body)
    {
        foreach (var known in document.GetProperty("paths").EnumerateObject())
        {
            if (!Fits(known.Name, path) || !known.Value.TryGetProperty(method.ToLowerInvariant(), out var operation)) continue;
            if (!operation.GetProperty("responses").TryGetProperty($"{status}", out var response)) return $"{method} {known.Name}: no answer {status} is described";
            return response.TryGetProperty("content", out var content) ? Problem(Schema(content), body, $"{method} {known.Name}") : null;
        }

        return $"{method} {path}: not described";
    }

    private static JsonElement Schema(JsonElement content) => content.EnumerateObject().First().Value.GetProperty("schema");

    /// <summary>A literal path goes before one with parameters, which the document lists in no certain order.</summary>
    private bool Fits(string template, string path)
    {
        var (wanted, given) = (template.Split('/'), path.Split('/'));
        var fits = wanted.Length == given.Length && wanted.Zip(given).All(p => p.First == p.Second || p.First.StartsWith('{'));
        return fits && (template == path || !template.Contains('{', StringComparison.Ordinal) || !document.GetProperty("paths").TryGetProperty(path, out _));
    }

    private string? Problem(JsonElement schema, JsonElement value, string where)
    {
        if (schema.TryGetProperty("$ref", out var reference))
            return Problem(document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]), value, where);
        if (schema.TryGetProperty("oneOf", out var several) || schema.TryGetProperty("anyOf", out several))
            return several.EnumerateArray().Any(s => Problem(s, value, where) is null) ? null : $"{where} is none of what it may be: {value}";
        if (schema.TryGetProperty("type", out var type) && !IsOf(type, value)) return $"{where} is not {type}: {value}";
        if (schema.TryGetProperty("enum", out var words) && value.ValueKind != JsonValueKind.Null && !words.EnumerateArray().Any(w => JsonElement.DeepEquals(w, value)))
            return $"{where} is none of {words}: {value}";
        return value.ValueKind switch
        {
            JsonValueKind.Array when schema.TryGetProperty("items", out var items) =>
                value.EnumerateArray().Select((item, i) => Problem(items, item, $"{where}[{i}]")).FirstOrDefault(p => p is not null),
            JsonValueKind.Object => MemberProblem(schema, value, where),
            _ => null,
        };
    }

    private string? MemberProblem(JsonElement schema, JsonElement value, string where)
    {
        if (schema.TryGetProperty("required", out var required)
            && required.EnumerateArray().FirstOrDefault(r => !value.TryGetProperty(r.GetString()!, out _)) is { ValueKind: JsonValueKind.String } missing)
            return $"{where} has no {missing}: {value}";
        if (!schema.TryGetProperty("properties", out var properties))
            return schema.TryGetProperty("additionalProperties", out var any) && any.ValueKind == JsonValueKind.Object
                ? value.EnumerateObject().Select(m => Problem(any, m.Value, $"{where}.{m.Name}")).FirstOrDefault(p => p is not null)
                : null;
        foreach (var member in value.EnumerateObject())
        {
            if (!properties.TryGetProperty(member.Name, out var property)) return $"{where} has the member {member.Name}, which is not described";
            if (Problem(property, member.Value, $"{where}.{member.Name}") is { } problem) return problem;
        }

        return null;
    }

    private static bool IsOf(JsonElement type, JsonElement value) =>
        type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Any(t => IsOf(t, value)) : (type.GetString(), value.ValueKind) switch
        {
            ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) or ("null", JsonValueKind.Null) => true,
            ("boolean", JsonValueKind.True or JsonValueKind.False) or ("number", JsonValueKind.Number) => true,
            ("integer", JsonValueKind.Number) => value.TryGetInt64(out _),
            _ => false,
        };
}
