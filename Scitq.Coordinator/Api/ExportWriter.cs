using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Scitq.Coordinator.Batches;

namespace Scitq.Coordinator.Api;

/// <summary>Writes exported attempts as they are read: one line each, as JSON or as CSV with a header.</summary>
internal sealed class ExportWriter(IOptions<JsonOptions> json)
{
    private const int Piece = 64 * 1024;
    private static readonly PropertyInfo[] Members = typeof(ExportedAttempt).GetProperties();
    private readonly JsonSerializerOptions _json = json.Value.SerializerOptions;

    /// <summary>The client is waited for, so memory does not grow with the number of lines.</summary>
    public async Task WriteAsync(HttpResponse response, IAsyncEnumerable<ExportedAttempt> attempts, bool csv, CancellationToken ct)
    {
        response.ContentType = csv ? "text/csv; charset=utf-8" : "application/jsonl; charset=utf-8";
        response.Headers.XContentTypeOptions = "nosniff";
        var text = new StringBuilder();
        if (csv) text.AppendJoin(',', Members.Select(m => JsonNamingPolicy.SnakeCaseLower.ConvertName(m.Name))).Append('\n');
        await foreach (var attempt in attempts.WithCancellation(ct))
        {
            if (csv) text.AppendJoin(',', Members.Select(m => Cell(m.GetValue(attempt))));
            else text.Append(JsonSerializer.Serialize(attempt, _json));
            text.Append('\n');
            if (text.Length < Piece) continue;
            await response.WriteAsync(text.ToString(), ct);
            text.Clear();
        }

        await response.WriteAsync(text.ToString(), ct);
    }

    /// <summary>No spreadsheet takes a text for a formula.</summary>
    private static string Cell(object? value)
    {
        var text = value switch
        {
            null => "",
            DateTime time => time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            Enum word => word.ToString().ToLowerInvariant(),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };
        if (value is string && text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r') text = "'" + text;
        return text.AsSpan().IndexOfAny(",\"\r\n'") < 0 ? text : "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
    }
}
