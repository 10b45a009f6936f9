using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Docker.DotNet.Models;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>The credentials that <c>docker login</c> has left on this worker, as the engine wants them beside a pull. Read anew for every pull.</summary>
internal static class RegistryCredentials
{
    private const string DockerHub = "https://index.docker.io/v1/";
    private static readonly TimeSpan HelperPatience = TimeSpan.FromSeconds(30);

    /// <summary>Where the docker program keeps its settings.</summary>
    public static string Folder => Environment.GetEnvironmentVariable("DOCKER_CONFIG") is { Length: > 0 } given
        ? given : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker");

    /// <summary>The registry an image comes from.</summary>
    public static string RegistryOf(string image)
    {
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : image[..slash];
        return first == "localhost" || first.AsSpan().ContainsAny('.', ':') ? first : "docker.io";
    }

    /// <summary>The credentials for a registry; null when this worker has none.</summary>
    public static async Task<AuthConfig?> FindAsync(string registry, TimeProvider clock, CancellationToken ct)
    {
        var file = Path.Combine(Folder, "config.json");
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
        if (helper is not null && await AskAsync(helper, server, clock, ct) is { } asked) return asked;
        string[] names =
            [server, registry, $"https://{registry}", $"https://{registry}/", $"http://{registry}", $"https://{registry}/v1/", $"https://{registry}/v2/"];
        foreach (var key in names)
            if (config?["auths"]?[key] is JsonObject entry && FromFile(entry, server) is { } found) return found;
        return null;
    }

    private static AuthConfig? FromFile(JsonObject entry, string server)
    {
        if (Text(entry["identitytoken"]) is { } token) return new AuthConfig { ServerAddress = server, IdentityToken = token };
        if (Text(entry["auth"]) is not { } auth) return null;
        var bytes = new byte[auth.Length];
        if (!Convert.TryFromBase64String(auth, bytes, out var length)) return null;
        var pair = Encoding.UTF8.GetString(bytes, 0, length).TrimEnd('\0');
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon <= 0 ? null : Login(server, pair[..colon], pair[(colon + 1)..]);
    }

    // The helpers' protocol: the server on standard input, {"Username", "Secret"} on standard output.
    private static async Task<AuthConfig?> AskAsync(string helper, string server, TimeProvider clock, CancellationToken ct)
    {
        if (helper.AsSpan().ContainsAny('/', '\0')) throw new IOException("the docker configuration names a credential helper with a path.");
        using var patience = new CancellationTokenSource(HelperPatience, clock);
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo($"docker-credential-{helper}", ["get"])
            {
                RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            },
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
            return user == "<token>" ? new AuthConfig { ServerAddress = server, IdentityToken = secret } : Login(server, user, secret);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new IOException($"docker-credential-{helper} did not answer within {HelperPatience.TotalSeconds:0} s.");
        }
        catch (Exception e) when (e is Win32Exception or IOException or JsonException)
        {
            var problem = e is JsonException ? "its answer is no JSON" : e.Message;
            throw new IOException($"docker-credential-{helper}, which the docker configuration names, failed: {problem}", e);
        }
    }

    private static AuthConfig Login(string server, string user, string password) => new() { ServerAddress = server, Username = user, Password = password };

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;
}
