using System.Text.Json;
using System.Text.Json.Serialization;

namespace Scitq.Contracts;

/// <summary>How Scitq writes JSON: enums as lower-case text, nulls left out, unknown members ignored.</summary>
public static class ScitqJson
{
    /// <summary>On the bus: camelCase.</summary>
    public static readonly JsonSerializerOptions Bus = Make(JsonNamingPolicy.CamelCase);

    /// <summary>In the REST API and the command line tools: snake_case.</summary>
    public static readonly JsonSerializerOptions Rest = Make(JsonNamingPolicy.SnakeCaseLower);

    /// <summary>Applies Scitq's rules to options made elsewhere.</summary>
    public static void Apply(JsonSerializerOptions options, JsonNamingPolicy naming)
    {
        options.PropertyNamingPolicy = naming;
        options.PropertyNameCaseInsensitive = naming == JsonNamingPolicy.CamelCase;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.Never;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
        options.MaxDepth = 64;
    }

    private static JsonSerializerOptions Make(JsonNamingPolicy naming)
    {
        var options = new JsonSerializerOptions();
        Apply(options, naming);
        if (naming == JsonNamingPolicy.CamelCase) options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
