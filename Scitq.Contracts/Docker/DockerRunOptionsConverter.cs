using System.Text.Json;
using System.Text.Json.Serialization;

namespace Scitq.Contracts.Docker;

/// <summary>
/// <see cref="DockerRunOptions"/> as the list of their words, unchanged. Words that are not options are read all the same, with their
/// <see cref="DockerRunOptions.Problem"/>.
/// </summary>
public sealed class DockerRunOptionsConverter : JsonConverter<DockerRunOptions>
{
    /// <inheritdoc/>
    public override DockerRunOptions Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException();
        var words = new List<string>();
        // A null is kept for the rules to refuse.
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) words.Add(reader.GetString()!);
        return DockerRunOptions.Read(words);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DockerRunOptions value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var word in value.Words) writer.WriteStringValue(word);
        writer.WriteEndArray();
    }
}
