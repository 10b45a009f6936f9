using System.Text;
using System.Text.Json;

namespace Scitq.Tools;

/// <summary>An error told to the user: one line what, perhaps one line what to do.</summary>
internal class ToolException(int exitCode, string code, string message, string? hint = null, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>One word for programs, e.g. <c>not_found</c>.</summary>
    public string Code { get; } = code;

    public string? Hint { get; } = hint;

    /// <summary>The server's answer, if the server has refused.</summary>
    public System.Net.HttpStatusCode? HttpStatus { get; init; }

    /// <summary>As programs read it, on standard output.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartObject("error");
            json.WriteString("code", Code);
            json.WriteString("message", Message);
            if (Hint is { } hint) json.WriteString("hint", hint);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }
}
