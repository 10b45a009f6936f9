using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>An FTP server on loopback that says what it is told to: listings of any kind, and the habits of odd servers. Text is bytes as Latin-1.</summary>
internal sealed class ScriptedFtp : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public ScriptedFtp()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>What a folder is listed as, by its path without a final slash.</summary>
    public ConcurrentDictionary<string, string> Listings { get; } = new();

    public ConcurrentDictionary<string, string> Files { get; } = new();

    /// <summary>What FEAT answers.</summary>
    public string[] Features { get; set; } = [];

    /// <summary>Answers a command instead of the server; null leaves it to that.</summary>
    public Func<string, string?> Answer { get; set; } = _ => null;

    /// <summary>The address that PASV names.</summary>
    public string PassiveAddress { get; set; } = "127,0,0,1";

    /// <summary>Whether LIST takes <c>-a</c>; otherwise it is a name that is not there.</summary>
    public bool TakesAll { get; set; }

    public string EndOfList { get; set; } = "226 done";

    /// <summary>The certificate that it shows from the first byte; without one it speaks no TLS.</summary>
    public X509Certificate2? Certificate { get; set; }

    /// <summary>Another one for data connections.</summary>
    public X509Certificate2? DataCertificate { get; set; }

    /// <summary>How many bytes of the next data connection arrive before it ends, whatever they are in the middle of.</summary>
    public Func<int> CutAfter { get; set; } = () => int.MaxValue;

    public ConcurrentQueue<string> Commands { get; } = new();

    public string Root => $"ftp://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await ((Task)_serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true) _ = TalkAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
    }

    private async Task TalkAsync(TcpClient client)
    {
        TcpListener? data = null;
        using (client)
        {
            try
            {
                var stream = await SecureAsync(client.GetStream(), Certificate);
                using var reader = new StreamReader(stream, Encoding.Latin1);
                await SayAsync(stream, "220-Welcome\n 220 is not the end\n220 ready");
                var folder = "/";
                while (await reader.ReadLineAsync(_stop.Token) is { } line)
                {
                    Commands.Enqueue(line);
                    var (verb, rest) = line.IndexOf(' ', StringComparison.Ordinal) is > 0 and var blank ? (line[..blank], line[(blank + 1)..]) : (line, "");
                    if (Answer(line) is { } answer)
                    {
                        await SayAsync(stream, answer);
                        continue;
                    }

                    switch (verb)
                    {
                        case "USER": await SayAsync(stream, "230 in"); break;
                        case "TYPE" or "OPTS" or "MKD" or "RMD" or "PBSZ" or "PROT": await SayAsync(stream, "200 ok"); break;
                        case "FEAT": await SayAsync(stream, $"211-Features:\n{string.Concat(Features.Select(f => $" {f}\n"))}211 end"); break;
                        case "CWD" when Listings.ContainsKey(rest.TrimEnd('/')):
                            folder = rest.TrimEnd('/');
                            await SayAsync(stream, "250 there");
                            break;
                        case "EPSV" or "PASV":
                            data?.Dispose();
                            data = new TcpListener(IPAddress.Loopback, 0);
                            data.Start();
                            var port = ((IPEndPoint)data.LocalEndpoint).Port;
                            await SayAsync(stream, verb == "EPSV" ? $"229 here (|||{port}|)" : $"227 here ({PassiveAddress},{port / 256},{port % 256})");
                            break;
                        case "LIST" or "MLSD" when (rest.Length == 0 || (TakesAll && rest == "-a")) && Listings.TryGetValue(folder, out var listing):
                            await SendAsync(stream, data!, listing, EndOfList);
                            break;
                        case "SIZE" when Files.TryGetValue(rest, out var content): await SayAsync(stream, $"213 {content.Length}"); break;
                        case "MDTM" when Files.ContainsKey(rest): await SayAsync(stream, "213 20260102030405"); break;
                        case "RETR" when Files.TryGetValue(rest, out var content): await SendAsync(stream, data!, content, "226 done"); break;
                        case "SIZE" or "MDTM" or "RETR" or "CWD" or "LIST" or "MLSD" or "DELE": await SayAsync(stream, "550 no such thing"); break;
                        default: await SayAsync(stream, "502 not here"); break;
                    }
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or SocketException)
            {
                // The client has gone, or the test is over.
            }
            finally
            {
                data?.Dispose();
            }
        }
    }

    private async Task SendAsync(Stream control, TcpListener data, string content, string end)
    {
        await SayAsync(control, "150 coming");
        using (var client = await data.AcceptTcpClientAsync(_stop.Token))
        {
            var cut = new Cut(client.GetStream());
            var stream = await SecureAsync(cut, DataCertificate ?? Certificate);
            cut.Left = CutAfter();
            await stream.WriteAsync(Encoding.Latin1.GetBytes(content), _stop.Token);
        }

        await SayAsync(control, end);
    }

    private static async Task<Stream> SecureAsync(Stream plain, X509Certificate2? certificate)
    {
        if (certificate is null) return plain;
        var secure = new SslStream(plain);
        await secure.AuthenticateAsServerAsync(certificate);
        return secure;
    }

    private async Task SayAsync(Stream stream, string text) =>
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text.Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n"), _stop.Token);

    /// <summary>Loses all that is written to it after so many bytes.</summary>
    private sealed class Cut(Stream to) : Stream
    {
        public int Left { get; set; } = int.MaxValue;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => to.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var taken = Math.Min(Left, buffer.Length);
            Left -= taken;
            await to.WriteAsync(buffer[..taken], cancellationToken);
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
