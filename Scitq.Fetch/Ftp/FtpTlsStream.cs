using System.Net.Security;
using System.Net.Sockets;

namespace Scitq.Fetch.Ftp;

/// <summary>A connection by TLS whose end is told.</summary>
internal sealed class FtpTlsStream(Stream plain) : SslStream(plain)
{
    private const int BufferSize = 4096;

    /// <summary>Reads; a connection that breaks off within a record, of which .NET says no more than that, is one that broke.</summary>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await base.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException e)
        {
            throw new TransientException($"the connection broke ({e.Message.TrimEnd('.')}).", e);
        }
    }

    /// <summary>
    /// Nothing more is sent: that must be said, or the server takes the file for cut off. What it has sent meanwhile (tickets of its session) is read
    /// to the end, for a connection that is closed with something unread takes along what the server has not read yet.
    /// </summary>
    public async Task EndAsync(CancellationToken ct)
    {
        await ShutdownAsync().WaitAsync(ct);
        if (InnerStream is NetworkStream network) network.Socket.Shutdown(SocketShutdown.Send);
        var rest = new byte[BufferSize];
        try
        {
            while (await InnerStream.ReadAsync(rest, ct) > 0)
            {
                // Only its end is awaited.
            }
        }
        catch (IOException)
        {
            // It closes in its own way; its answer tells whether it has all.
        }
    }
}
