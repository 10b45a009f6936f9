using System.Net;
using System.Net.Sockets;
using Scitq.Agent.Runtimes.Docker;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Docker;

[Trait("Level", "Unit")]
public sealed class EngineAddressTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 30_000)]
    public async Task An_engine_over_TCP_that_says_nothing_is_asked_whether_it_is_still_there()
    {
        if (!OperatingSystem.IsLinux()) TestEnvironment.Missing("the kernel tells of its timers only on Linux");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var client = EngineAddress.Read($"tcp://127.0.0.1:{port}").Connect(version: null);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var waiting = client.Containers.WaitContainerAsync("x", over.Token);
        using var connection = await listener.AcceptTcpClientAsync(Ct);
        await Eventually.Async(() => IsKeptAlive(port), "the kernel asks it", TimeSpan.FromSeconds(10));
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("ca.pem"), InlineData("cert.pem"), InlineData("key.pem")]
    public void A_certificate_that_can_not_be_used_is_refused_at_the_start(string broken)
    {
        using var authority = new TestAuthority();
        authority.Write(_folder["ca.pem"]);
        authority.Issue("client", _folder["cert.pem"], _folder["key.pem"]);
        EngineAddress.Read("tcp://localhost", tls: true, _folder.Path);
        File.WriteAllText(_folder[broken], "nonsense");
        var error = Assert.Throws<ArgumentException>(() => EngineAddress.Read("tcp://localhost", tls: true, _folder.Path));
        Assert.Contains("DOCKER_CERT_PATH", error.Message, StringComparison.Ordinal);
    }

    // The third column is the other end of a connection, the sixth the timer that runs: 2 is that of keep-alive.
    private static bool IsKeptAlive(int port) => new[] { "/proc/net/tcp", "/proc/net/tcp6" }.Where(File.Exists).SelectMany(File.ReadLines)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Any(columns => columns[2].EndsWith($":{port:X4}", StringComparison.Ordinal) && columns[5].StartsWith("02:", StringComparison.Ordinal));
}
