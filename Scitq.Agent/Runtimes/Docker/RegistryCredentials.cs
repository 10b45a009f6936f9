using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>What <c>docker login</c> left on this worker, as the engine wants it beside a pull. Read anew for every pull.</summary>
internal static class RegistryCredentials
{
    private const string DockerHub = "https://index.docker.io/v1/";

    /// <summary>The registry an image comes from.</summary>
    public static string RegistryOf(string image)
    {
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : image[..slash];
        return first == "localhost" || first.AsSpan().ContainsAny('.', ':') ? first : "docker.io";
    }

    /// <summary>The value of <c>X-Registry-Auth</c>; null when this worker has no credentials for the registry.</summary>
    public static async Task<string?> FindAsync(string registry, CancellationToken ct)
    {
        var folder = Environment.GetEnvironmentVariable("DOCKER_CONFIG") is { Length: > 0 } given
            ? given : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker");
        var file = Path.Combine(folder, "config.json");
        if (!File.Exists(file)) return null;
        JsonNode? config;
        try
        {
            config = JsonNode.Parse(await File.ReadAllTextAsync(file, ct));
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new IOException($"the registry credentials in {file} can't be read: {e.Message}", e);
        }

        var server = registry == "docker.io" ? DockerHub : registry;
        var helper = Text(config?["credHelpers"]?[server]) ?? Text(config?["credHelpers"]?[registry]) ?? Text(config?["credsStore"]);
        if (helper is not null && await AskAsync(helper, server, ct) is { } asked) return asked;
        foreach (var key in (ReadOnlySpan<string>)[server, registry, $"https://{registry}", $"https://{registry}/", $"http://{registry}", $"https://{registry}/v1/", $"https://{registry}/v2/"])
            if (config?["auths"]?[key] is JsonObject entry && FromFile(entry, server) is { } found) return found;
        return null;
    }

    private static string? FromFile(JsonObject entry, string server)
    {
        if (Text(entry["identitytoken"]) is { } token) return Header(server, "", "", token);
        if (Text(entry["auth"]) is not { } auth) return null;
        var bytes = new byte[auth.Length];
        if (!Convert.TryFromBase64String(auth, bytes, out var length)) return null;
        var pair = Encoding.UTF8.GetString(bytes, 0, length).TrimEnd('\0');
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon <= 0 ? null : Header(server, pair[..colon], pair[(colon + 1)..], null);
    }

    // The helpers' protocol: the server on standard input, {"Username", "Secret"} on standard output.
    private static async Task<string?> AskAsync(string helper, string server, CancellationToken ct)
    {
        if (helper.AsSpan().ContainsAny('/', '\0')) throw new IOException("the docker configuration names a credential helper with a path.");
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timer.CancelAfter(TimeSpan.FromSeconds(30));
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo($"docker-credential-{helper}", ["get"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true },
        };
        try
        {
            process.Start();
            var errors = process.StandardError.ReadToEndAsync(timer.Token);
            await process.StandardInput.WriteAsync(server.AsMemory(), timer.Token);
            process.StandardInput.Close();
            var answer = await process.StandardOutput.ReadToEndAsync(timer.Token);
            await errors;
            await process.WaitForExitAsync(timer.Token);
            if (process.ExitCode != 0) return null;         // how a helper says that it has none
            var json = JsonNode.Parse(answer);
            var (user, secret) = (Text(json?["Username"]), Text(json?["Secret"]));
            if (user is null || secret is null) return null;
            return user == "<token>" ? Header(server, "", "", secret) : Header(server, user, secret, null);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new IOException($"docker-credential-{helper} did not answer within 30 s.");
        }
        catch (Exception e) when (e is Win32Exception or IOException or JsonException)
        {
            throw new IOException($"docker-credential-{helper}, which the docker configuration names, failed: {(e is JsonException ? "its answer is no JSON" : e.Message)}", e);
        }
    }

    private static string Header(string server, string user, string password, string? token)
    {
        var json = new JsonObject { ["serveraddress"] = server };
        if (token is not null) json["identitytoken"] = token;
        else (json["username"], json["password"]) = (user, password);
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(json.ToJsonString())).Replace('+', '-').Replace('/', '_');
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;
}
