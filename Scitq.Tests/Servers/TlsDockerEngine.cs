namespace Scitq.Tests.Servers;

/// <summary>A Docker engine that listens on TCP with TLS, for clients with a certificate of its authority.</summary>
public sealed class TlsDockerEngine : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private readonly int _port = TestPorts.Free();
    private OwnDockerEngine? _engine;

    /// <summary>By the name that its certificate has.</summary>
    public string Address => $"tcp://localhost:{_port}";

    /// <summary>By one that it has not.</summary>
    public string OtherName => $"tcp://127.0.0.1:{_port}";

    /// <summary>What a client needs, as the docker program wants it in <c>DOCKER_CERT_PATH</c>.</summary>
    public string Certificates => _folder["client"];

    /// <summary>The same, with an authority that did not issue the engine's certificate.</summary>
    public string OtherAuthority => _folder["other"];

    /// <summary>The authority, and no certificate of a client.</summary>
    public string NoCertificate => _folder["none"];

    public async ValueTask InitializeAsync()
    {
        foreach (var name in (string[])["server", "client", "other", "none"]) Directory.CreateDirectory(_folder[name]);
        using (var authority = new TestAuthority())
        using (var other = new TestAuthority("Another authority"))
        {
            foreach (var name in (string[])["server", "client", "none"]) authority.Write(_folder[$"{name}/ca.pem"]);
            other.Write(_folder["other/ca.pem"]);
            authority.Issue("localhost", _folder["server/server.pem"], _folder["server/server.key"]);
            foreach (var name in (string[])["client", "other"]) authority.Issue("tls-client", _folder[$"{name}/cert.pem"], _folder[$"{name}/key.pem"]);
        }

        _engine = OwnDockerEngine.Create("--tls", $"{_port}", _folder["server"]);
        await _engine.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_engine is not null) await _engine.DisposeAsync();
        _folder.Dispose();
    }
}
