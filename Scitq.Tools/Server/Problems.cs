using System.Net;
using System.Text.Json;

namespace Scitq.Tools.Server;

/// <summary>The server's refusals (problem+json with <c>code</c> and <c>hint</c>) as errors of the tools.</summary>
internal static class Problems
{
    public static async Task<ToolException> ReadAsync(HttpResponseMessage response, ServerAddress server, CancellationToken cancel)
    {
        var (detail, code, hint) = await MembersAsync(response, cancel);
        var status = (int)response.StatusCode;
        var known = code is not null || detail is not null;
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized =>
                new ToolException(
                ExitCodes.Denied, code ?? "unauthorized", detail ?? $"server {server.Shown} wants a token",
                hint ?? "Give it by SCITQ_TOKEN, SCITQ_TOKEN_FILE or --token-file."),
            HttpStatusCode.Forbidden => new ToolException(ExitCodes.Denied, code ?? "forbidden", detail ?? $"server {server.Shown} does not allow this", hint),
            HttpStatusCode.NotFound
                when !known =>
                new ToolException(
                ExitCodes.Unreachable, "no_scitq", $"what answers at {server.Shown} is no scitq server (HTTP 404)",
                "Is it the right address (-s, SCITQ_SERVER)?"),
            HttpStatusCode.NotFound => new ToolException(ExitCodes.NotFound, code ?? "not_found", detail ?? "not found", hint),
            HttpStatusCode.Conflict => new ToolException(ExitCodes.WrongState, code ?? "wrong_state", detail ?? "not possible in the present state", hint),
            HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity =>
                new ToolException(ExitCodes.Usage, code ?? "invalid", detail ?? $"server {server.Shown} refuses the request (HTTP {status})", hint),
            _ => new ToolException(
                ExitCodes.Failed, code ?? "error", $"server {server.Shown} answered HTTP {status}{(detail is null ? "" : $": {detail}")}", hint)
                    { HttpStatus = response.StatusCode },
        };
    }

    /// <summary><c>: what the server says of it</c>, or nothing.</summary>
    public static async Task<string> DetailAsync(HttpResponseMessage response, CancellationToken cancel) =>
        (await MembersAsync(response, cancel)).Detail is { } detail ? $": {detail}" : "";

    private static async Task<(string? Detail, string? Code, string? Hint)> MembersAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            using var json = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancel), cancellationToken: cancel);
            if (json.RootElement.ValueKind != JsonValueKind.Object) return default;
            return (json.RootElement.Text("detail") ?? json.RootElement.Text("title"), json.RootElement.Text("code"), json.RootElement.Text("hint"));
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
        {
            return default;                 // the status alone says what happened
        }
    }
}
