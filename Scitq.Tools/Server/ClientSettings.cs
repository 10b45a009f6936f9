using System.Text.Json;
using Scitq.Access.Broker;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Server;

/// <summary>Settings of the client programs: option, else environment, else the user's file, else the machine's file.</summary>
internal sealed class ClientSettings(ToolIo io, ParsedLine line)
{
    private readonly Lazy<IReadOnlyList<JsonDocument>> _files = new(() => ReadFiles(io));

    /// <summary>An address may hold a password, so a file may hold the address. What is nearer to the user counts: option, environment, files.</summary>
    public ServerAddress Server() => ServerAddress.Parse(
        line.Value("server") ?? Named(line.Value("server-file"))
        ?? NotEmpty(io.Variable("SCITQ_SERVER")) ?? Named(NotEmpty(io.Variable("SCITQ_SERVER_FILE")))
        ?? InFiles("server") ?? Named(InFiles("server_file")) ?? "127.0.0.1");

    /// <summary>How the broker at this address is reached.</summary>
    public BrokerSettings Broker(ServerAddress server)
    {
        try
        {
            // What is set for good need not fit an address given for once.
            var secure = server.Uri.Scheme == "amqps";
            return BrokerSettings.Read(server.Uri.OriginalString, Of("bus-ca"), Of("bus-cert"), Of("bus-key"));

            string? Of(string option) => line.Value(option) ?? (secure ? Get(option, "SCITQ_" + option.ToUpperInvariant().Replace('-', '_'), option.Replace('-', '_')) : null);
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }
    }

    public string? Token()
    {
        if (line.Value("token-file") is { } given) return FromFile(given);
        if (NotEmpty(io.Variable("SCITQ_TOKEN")) is { } token) return token.Trim();
        if (NotEmpty(io.Variable("SCITQ_TOKEN_FILE")) is { } file) return FromFile(file);
        if (InFiles("token") is { } stored) return stored;
        return InFiles("token_file") is { } named ? FromFile(named) : null;
    }

    /// <summary>The option, its environment variable, or the files' member of the same name.</summary>
    public string? Get(string option, string variable, string? member = null) =>
        line.Value(option) ?? NotEmpty(io.Variable(variable)) ?? InFiles(member ?? option);

    public TimeSpan Timeout(TimeSpan otherwise)
    {
        if (Get("timeout", "SCITQ_TIMEOUT") is not { } text) return otherwise;
        return Duration.TryParse(text, out var seconds) && seconds > 0
            ? TimeSpan.FromSeconds(seconds)
            : throw new UsageException($"--timeout '{text}' is not a positive duration: {Duration.Form}");
    }

    private string? InFiles(string member)
    {
        foreach (var file in _files.Value)
            if (file.RootElement.TryGetProperty(member, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
                return NotEmpty(value.ToString());
        return null;
    }

    private static List<JsonDocument> ReadFiles(ToolIo io)
    {
        var home = NotEmpty(io.Variable("XDG_CONFIG_HOME")) ?? (NotEmpty(io.Variable("HOME")) is { } user ? Path.Combine(user, ".config") : null);
        var documents = new List<JsonDocument>();
        foreach (var path in (string?[])[home is null ? null : Path.Combine(home, "scitq", "config.json"), "/etc/scitq/client.json"])
        {
            if (path is null || !File.Exists(path)) continue;
            try
            {
                var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
                if (document.RootElement.ValueKind != JsonValueKind.Object) throw new UsageException($"configuration file {path} is not a JSON object");
                documents.Add(document);
            }
            catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
            {
                throw new UsageException($"configuration file {path} cannot be read: {e.Message}");
            }
        }

        return documents;
    }

    private static string? Named(string? path) => path is null ? null : FromFile(path, "server file");

    private static string FromFile(string path, string kind = "token file")
    {
        try
        {
            return NotEmpty(File.ReadAllText(path).Trim()) ?? throw new UsageException($"{kind} {path} is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{kind} {path} cannot be read: {e.Message}");
        }
    }

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
