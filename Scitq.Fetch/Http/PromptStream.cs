using System.Net.Sockets;

namespace Scitq.Fetch.Http;

/// <summary>
/// A connection on which answers are acknowledged at once. A server that sends its headers first and holds back the content until they are acknowledged
/// (Ceph's gateway does, as Nagle's algorithm has it) otherwise waits for the 40 ms by which Linux delays an acknowledgement: with each small file.
/// </summary>
internal sealed class PromptStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    // netinet/tcp.h: TCP_QUICKACK. It lasts until the kernel takes the connection for a dialogue again, which it does when something is sent.
    private const int Tcp = 6, QuickAcknowledge = 12;
    private static readonly byte[] On = BitConverter.GetBytes(1);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await base.WriteAsync(buffer, cancellationToken);
        Prompt();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        base.Write(buffer);
        Prompt();
    }

    private void Prompt()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            Socket.SetRawSocketOption(Tcp, QuickAcknowledge, On);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The next read tells what has become of the connection.
        }
    }
}
