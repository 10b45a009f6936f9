using System.Net;
using System.Text.Json;
using Scitq.Access.Broker;
using Scitq.Contracts;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Server;

/// <summary>Settings of the client programs: option, else environment, else the user's file, else the machine's file.</summary>
internal sealed partial class ClientSettings(ToolIo io, ParsedLine line)
{
    private readonly Lazy<IReadOnlyList<(string Path, JsonDocument File)>> _files = new(() => ReadFiles(io));

    /// <summary>
    /// An address may hold a password, so a file may hold the address. The value nearest to the user counts: an option, else the environment, else a
    /// file.
    /// </summary>
    public ServerAddress Server() => ServerAddress.Parse(ServerSetting().Value ?? "127.0.0.1");

    /// <summary>How the broker at this address is reached.</summary>
    public BrokerSettings Broker(ServerAddress server)
    {
        try
        {
            // A setting in a file need not fit an address that was given for one call.
            var secure = server.Uri.Scheme == "amqps";
            return BrokerSettings.Read(server.Uri.OriginalString, Of("bus-ca"), Of("bus-cert"), Of("bus-key"));

            string? Of(string option) =>
                line.Value(option) ?? (secure ? Get(option, "SCITQ_" + option.ToUpperInvariant().Replace('-', '_'), option.Replace('-', '_')) : null);
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }
    }

    /// <summary>The server's API, with the token that opens it.</summary>
    public RestClient Connect(ServerAddress server, string program)
    {
        var token = GivenToken();
        if (token is null) (server, token) = Found(server);
        token ??= StoredToken();
        if (token is not null && server.Uri.Scheme == Uri.UriSchemeHttp && !server.Uri.IsLoopback && !IsInsecure)
        {
            io.Error.WriteLine($"{program}: note: the token goes to {server.Shown} unencrypted, and who listens on the way can use it.");
            io.Error.WriteLine("  Use https://, or an ssh tunnel; --insecure (SCITQ_INSECURE=1) where the network is trusted.");
        }

        // A host name may mean several addresses, and the token is for one of them.
        return new RestClient(server, token, Later, io, program, line.Has("verbose"));

        string? Later() => Found(server) is var (same, later) && same.Uri == server.Uri ? later : null;
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

    private bool IsInsecure => line.Has("insecure") || (NotEmpty(io.Variable("SCITQ_INSECURE")) ?? InFiles("insecure") ?? "false") is not ("false" or "0");

    private (string? Value, string Source) ServerSetting() =>
        line.Value("server") is { } given ? (given, "option --server")
        : line.Value("server-file") is { } file ? (FromFile(file), "option --server-file")
        : NotEmpty(io.Variable("SCITQ_SERVER")) is { } variable ? (variable, Environment("SCITQ_SERVER"))
        : NotEmpty(io.Variable("SCITQ_SERVER_FILE")) is { } named ? (FromFile(named), Environment("SCITQ_SERVER_FILE"))
        : FileSetting("server") is { Value: not null } stored ? stored
        : FileSetting("server_file") is { Value: { } at } pointing ? (FromFile(at), pointing.Source)
        : (null, "");

    /// <summary>The settings that were given for this call.</summary>
    private string? GivenToken() =>
        line.Value("token-file") is { } given ? FromFile(given)
        : NotEmpty(io.Variable("SCITQ_TOKEN")) is { } token ? token.Trim()
        : NotEmpty(io.Variable("SCITQ_TOKEN_FILE")) is { } file ? FromFile(file)
        : null;

    /// <summary>A server of this account on this machine; it is named by the very address where it listens, for another may listen at another one.</summary>
    private (ServerAddress Server, string? Token) Found(ServerAddress server)
    {
        if (server.IsBus || !server.Uri.IsLoopback || server.Uri.Scheme != Uri.UriSchemeHttp) return (server, null);
        IEnumerable<IPAddress> addresses = IPAddress.TryParse(server.Uri.DnsSafeHost, out var only) ? [only] : [IPAddress.Loopback, IPAddress.IPv6Loopback];
        foreach (var address in addresses)
        {
            if (ServerPointer.Token(new IPEndPoint(address, server.Uri.Port), io.Variable) is not { } token) continue;
            return (server with { Uri = new UriBuilder(server.Uri) { Host = address.ToString() }.Uri }, token);
        }

        return (server, null);
    }

    /// <summary>The settings of the files, for the server that they name.</summary>
    private string? StoredToken() => InFiles("token") ?? (InFiles("token_file") is { } named ? FromFile(named) : null);

    private string? InFiles(string member) => FileSetting(member).Value;

    private static string? Member(string path, JsonDocument file, string member, bool isSecret)
    {
        if (!file.RootElement.TryGetProperty(member, out var value)
            || value.ValueKind is not (JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False)) return null;
        if (isSecret) Private(() => SecretFile.Check(path));
        return NotEmpty(value.ToString());
    }

    private static List<(string Path, JsonDocument File)> ReadFiles(ToolIo io) =>
    [
        .. from path in (string?[])[ClientFile.OfUser(io), ClientFile.OfMachine]
           let file = path is null ? null : ClientFile.Read(path)
           where file is not null
           select (path, file),
    ];

    private static string FromFile(string path)
    {
        var token = "";
        Private(() => token = SecretFile.Read(path));
        return token;
    }

    private static void Private(Action read)
    {
        try
        {
            read();
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message.TrimEnd('.'));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"a file with a token or an address cannot be read: {e.Message}");
        }
    }

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
