using System.Text.Json;
using System.Text.Json.Serialization;

namespace Scitq.Contracts;

/// <summary>
/// A <see cref="DataUri"/> as its text, byte for byte. A text that is not a URI is read all the same, with its <see cref="DataUri.Problem"/>.
/// </summary>
public sealed class DataUriConverter : JsonConverter<DataUri>
{
    /// <inheritdoc/>
    public override DataUri Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => DataUri.Read(reader.GetString()!);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DataUri value, JsonSerializerOptions options) => writer.WriteStringValue(value.Text);
}
