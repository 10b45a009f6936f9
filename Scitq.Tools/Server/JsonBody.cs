using System.Text.Json;

namespace Scitq.Tools.Server;

/// <summary>The body of a request, written by hand: only what is said is there.</summary>
internal static class JsonBody
{
    /// <summary>An object with the members that <paramref name="write"/> gives it.</summary>
    public static byte[] Write(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>A member that is there only when it is true.</summary>
    public static void WriteIf(this Utf8JsonWriter json, string name, bool value)
    {
        if (value) json.WriteBoolean(name, true);
    }

    public static void WriteList(this Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
