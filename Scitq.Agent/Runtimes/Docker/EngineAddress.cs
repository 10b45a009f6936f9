using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Docker.DotNet;
using Docker.DotNet.NativeHttp;
using Docker.DotNet.X509;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>
/// Where the docker engine listens, and how it is reached: what <c>DOCKER_HOST</c>, <c>DOCKER_TLS_VERIFY</c> and <c>DOCKER_CERT_PATH</c>
/// say, with the meaning that they have for the docker program.
/// </summary>
internal sealed class EngineAddress
{
    private const string UsualSocket = "unix:///var/run/docker.sock";
    private const int PlainPort = 2375, TlsPort = 2376;

    private readonly string? _socket;
    private readonly Uri _endpoint;
    private readonly string? _certificates;

    private EngineAddress(string text, string? socket, Uri endpoint, string? certificates) =>
        (Text, _socket, _endpoint, _certificates) = (text, socket, endpoint, certificates);

    /// <summary>The address, for people.</summary>
    public string Text { get; }

    /// <summary>Whether whoever can read the network can become root by it.</summary>
    public bool IsOpen => _socket is null && _certificates is null && !_endpoint.IsLoopback;

    /// <exception cref="ArgumentException">The variables name no engine that can be used.</exception>
    public static EngineAddress FromEnvironment() => Read(
        Environment.GetEnvironmentVariable("DOCKER_HOST"), Environment.GetEnvironmentVariable("DOCKER_TLS_VERIFY") is { Length: > 0 },
        Environment.GetEnvironmentVariable("DOCKER_CERT_PATH"));

    /// <param name="host"><c>unix:///path</c> or <c>tcp://host:port</c>; the usual socket if there is none.</param>
    /// <param name="tls">Whether an engine over TCP is spoken to by TLS, and its certificate verified.</param>
    /// <param name="certificates">The folder with <c>ca.pem</c>, <c>cert.pem</c> and <c>key.pem</c>; docker's own if there is none.</param>
    /// <exception cref="ArgumentException">It names no engine that can be used.</exception>
    public static EngineAddress Read(string? host, bool tls = false, string? certificates = null)
    {
        var text = host is null or "" ? UsualSocket : host;
        if (text.StartsWith("unix:///", StringComparison.Ordinal)) return new EngineAddress(text, text["unix://".Length..], new Uri("http://docker"), null);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri is not { Scheme: "tcp", Host.Length: > 0, UserInfo: "", PathAndQuery: "" or "/" })
            throw new ArgumentException($"DOCKER_HOST is '{text}', which is neither a socket, as {UsualSocket}, nor an address, as tcp://127.0.0.1:{TlsPort}.");
        var endpoint = new UriBuilder("http", uri.Host, uri.Port > 0 ? uri.Port : tls ? TlsPort : PlainPort).Uri;
        if (!tls) return new EngineAddress(text, null, endpoint, null);
        var folder = certificates is { Length: > 0 } ? certificates : RegistryCredentials.Folder;
        if (!Directory.Exists(folder))
            throw new ArgumentException($"DOCKER_TLS_VERIFY is set, and the folder '{folder}' for ca.pem, cert.pem and key.pem (DOCKER_CERT_PATH) is missing.");
        return new EngineAddress(text, null, endpoint, folder);
    }

    /// <summary>A client for a version of the API; without one the engine decides.</summary>
    /// <exception cref="IOException">A certificate can't be read, so the engine can't be reached.</exception>
    public DockerClient Connect(Version? version)
    {
        var builder = new DockerClientBuilder().WithEndpoint(_endpoint).WithTimeout(Timeout.InfiniteTimeSpan);
        if (version is not null) builder = builder.WithApiVersion(version);
        try
        {
            X509Certificate2Collection? authorities = null;
            if (_certificates is not null)
            {
                authorities = Authorities(_certificates);
                builder = builder.WithAuthProvider(new CertificateCredentials(Own(_certificates)));
            }

            var options = new NativeHttpTransportOptions { ConfigureHandler = handler => Configure(handler, authorities) };
            return builder.WithTransportOptions(new EngineTransport(), options).Build();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The certificates for the docker engine in '{_certificates}' (DOCKER_CERT_PATH) can't be used: {e.Message}", e);
        }
    }

    private void Configure(SocketsHttpHandler handler, X509Certificate2Collection? authorities)
    {
        handler.UseProxy = false;
        // Each container that runs holds two, for as long as it runs; the library's ten would leave none to end them with.
        handler.MaxConnectionsPerServer = int.MaxValue;
        if (_socket is not null) handler.ConnectCallback = ConnectAsync;
        if (authorities is null) return;
        // The library's own check of an authority would accept every name, and a client's certificate for the engine's.
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, TrustMode = X509ChainTrustMode.CustomRootTrust };
        policy.CustomTrustStore.AddRange(authorities);
        handler.SslOptions.CertificateChainPolicy = policy;
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(_socket!), ct);
            return new NetworkStream(connection, ownsSocket: true);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // Without one, those that the machine trusts.
    private static X509Certificate2Collection? Authorities(string folder)
    {
        var file = Path.Combine(folder, "ca.pem");
        if (!File.Exists(file)) return null;
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(file);
        return all.Count > 0 ? all : throw new CryptographicException($"{file} holds no certificate.");
    }

    // An engine need not want one.
    private static X509Certificate2? Own(string folder)
    {
        var (certificate, key) = (Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
        return File.Exists(certificate) || File.Exists(key) ? DockerTlsCertificates.LoadCertificateFromPemFiles(certificate, key) : null;
    }
}
