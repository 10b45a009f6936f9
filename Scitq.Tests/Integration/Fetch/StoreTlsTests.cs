using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>No word is said to a store that can't prove who it is.</summary>
[Trait("Level", "Integration")]
public sealed class StoreTlsTests
{
    private const int Limit = 60_000;
    private const string Azure = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=a2V5;BlobEndpoint=https://localhost:{0}/a;";

    [Theory(Timeout = Limit)]
    [InlineData("https://localhost:{0}/x", false, false)]
    [InlineData("https://127.0.0.1:{0}/x", true, false)]       // the certificate is for localhost
    [InlineData("https://localhost:{0}/x", true, true)]
    [InlineData("s3://bucket/x", false, false)]
    [InlineData("azure://container/x", false, false)]
    [InlineData("ftp://user:hunter2@localhost:{0}/x", false, false)]
    [InlineData("ftpes://user:hunter2@localhost:{0}/x", false, false)]
    [InlineData("ftps://user:hunter2@localhost:{0}/x", false, false)]
    [InlineData("ftps://user:hunter2@localhost:{0}/x", true, true)]
    public async Task A_store_whose_certificate_is_not_in_order_is_refused(string uri, bool trusted, bool expired)
    {
        using var folder = new TestFolder();
        using var authority = new TestAuthority();
        await using var store = new Store(
            authority, uri.StartsWith("ftp:", StringComparison.Ordinal) || uri.StartsWith("ftpes:", StringComparison.Ordinal), expired);
        await using var fetch = Start(folder, authority, store, uri, trusted);

        Assert.NotEqual(0, await fetch.WaitForExitAsync(TimeSpan.FromSeconds(50)));
        Assert.Contains("certificate", fetch.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("", store.Heard);
    }

    [Fact(Timeout = Limit)]
    public async Task A_store_of_an_authority_that_is_trusted_is_spoken_to()
    {
        using var folder = new TestFolder();
        using var authority = new TestAuthority();
        await using var store = new Store(authority, isFtp: false, expired: false);
        await using var fetch = Start(folder, authority, store, "https://localhost:{0}/x", trusted: true);

        await Eventually.Async(() => store.Heard.Contains("/x HTTP", StringComparison.Ordinal), "it is asked for the file", TimeSpan.FromSeconds(30));
    }

    private static ProcessUnderTest Start(TestFolder folder, TestAuthority authority, Store store, string uri, bool trusted)
    {
        string Here(string text) => text.Replace("{0}", $"{store.Port}", StringComparison.Ordinal);
        return ProcessUnderTest.Start("scitq-fetch", ["copy", "--attempts", "1", Here(uri), folder["got"]], new Dictionary<string, string?>
        {
            ["AWS_ENDPOINT_URL"] = Here("https://localhost:{0}"), ["AWS_ACCESS_KEY_ID"] = "id", ["AWS_SECRET_ACCESS_KEY"] = "key",
            ["AZURE_STORAGE_CONNECTION_STRING"] = Here(Azure), ["SSL_CERT_FILE"] = trusted ? authority.Write(folder["ca.pem"]) : null,
        });
    }

    /// <summary>A server that shows a certificate, over FTP after it has asked for TLS, and notes what it hears then.</summary>
    private sealed class Store : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _end = new();
        private readonly SslServerAuthenticationOptions _options;
        private readonly bool _isFtp;
        private readonly Task _serving;
        private volatile string _heard = "";

        public Store(TestAuthority authority, bool isFtp, bool expired)
        {
            (_isFtp, _options) = (isFtp, new SslServerAuthenticationOptions { ServerCertificate = authority.Issue("localhost", expired) });
            _listener.Start();
            _serving = ServeAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        /// <summary>What came over TLS, and what of FTP should only come so.</summary>
        public string Heard => _heard;

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            _listener.Stop();
            await _serving;
            _end.Dispose();
        }

        private async Task ServeAsync()
        {
            while (!_end.IsCancellationRequested)
            {
                try
                {
                    using var client = await _listener.AcceptTcpClientAsync(_end.Token);
                    Stream stream = client.GetStream();
                    if (_isFtp) await GreetAsync(stream);
                    await using var secure = new SslStream(stream);
                    await secure.AuthenticateAsServerAsync(_options, _end.Token);
                    await HearAsync(secure);
                }
                catch (Exception e) when (e is OperationCanceledException or SocketException or IOException or AuthenticationException)
                {
                    // Refused, or the test has ended.
                }
            }
        }

        private async Task GreetAsync(Stream stream)
        {
            var reader = new StreamReader(stream);
            await stream.WriteAsync("220 here\r\n"u8.ToArray(), _end.Token);
            while (await reader.ReadLineAsync(_end.Token) is { } line)
            {
                if (line == "AUTH TLS") break;
                if (line.StartsWith("PASS", StringComparison.Ordinal)) _heard += line;
                await stream.WriteAsync("530 TLS is wanted here\r\n"u8.ToArray(), _end.Token);
            }

            await stream.WriteAsync("234 go on\r\n"u8.ToArray(), _end.Token);
        }

        private async Task HearAsync(SslStream secure)
        {
            var buffer = new byte[4096];
            while (await secure.ReadAsync(buffer, _end.Token) is > 0 and var count) _heard += System.Text.Encoding.ASCII.GetString(buffer, 0, count);
        }
    }
}
