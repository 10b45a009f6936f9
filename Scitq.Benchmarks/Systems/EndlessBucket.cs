using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Scitq.Benchmarks.Systems;

/// <summary>
/// Lists a bucket of as many keys as wanted, in S3's own XML, a thousand a page. A real server takes an hour to be given a million of them;
/// what is measured is the client.
/// </summary>
internal sealed class EndlessBucket : IAsyncDisposable
{
    private const int PageSize = 1000;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _keys;
    private readonly Task _accepting;

    public EndlessBucket(int keys)
    {
        _keys = keys;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Endpoint => $"http://{_listener.LocalEndpoint}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true) serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // Stopped.
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } request)
                {
                    while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 }) { }
                    var body = request.StartsWith("HEAD", StringComparison.Ordinal) ? null : Encoding.UTF8.GetBytes(Page(request));
                    var head = body is null
                        ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
                        : $"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {body.Length}\r\n\r\n";
                    await client.GetStream().WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body ?? []], _stop.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // The other side has gone, or we stop.
            }
        }
    }

    private string Page(string request)
    {
        const string Marker = "continuation-token=";
        var at = request.IndexOf(Marker, StringComparison.Ordinal);
        var first = at < 0 ? 0 : int.Parse(request[(at + Marker.Length)..].Split('&', ' ')[0], CultureInfo.InvariantCulture);
        var last = Math.Min(_keys, first + PageSize);
        var xml = new StringBuilder(
            """<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bench</Name>""");
        xml.Append(CultureInfo.InvariantCulture,
            $"<MaxKeys>{PageSize}</MaxKeys><KeyCount>{last - first}</KeyCount><IsTruncated>{(last < _keys ? "true" : "false")}</IsTruncated>");
        if (last < _keys) xml.Append(CultureInfo.InvariantCulture, $"<NextContinuationToken>{last}</NextContinuationToken>");
        for (var i = first; i < last; i++)
        {
            xml.Append(CultureInfo.InvariantCulture, $"<Contents><Key>data/sample-{i / 1000:00000}/reads_{i:0000000}.fastq.gz</Key>")
                .Append("""<LastModified>2026-11-01T12:00:00.000Z</LastModified><ETag>"d41d8cd98f00b204e9800998ecf8427e"</ETag>""")
                .Append(CultureInfo.InvariantCulture, $"<Size>{i}</Size><StorageClass>STANDARD</StorageClass></Contents>");
        }

        return xml.Append("</ListBucketResult>").ToString();
    }
}
