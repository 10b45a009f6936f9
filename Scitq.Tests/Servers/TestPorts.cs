using System.Net;
using System.Net.Sockets;

namespace Scitq.Tests.Servers;

public static class TestPorts
{
    // Below the ephemeral range, so that no outgoing connection takes the port between our look and its use.
    private const int First = 10_000, Last = 20_000;
    private static int _next = Random.Shared.Next(First, Last);

    /// <summary>A loopback port that nobody listens on; no port is given twice to one test run in a row.</summary>
    public static int Free()
    {
        for (var attempt = 0; attempt < Last - First; attempt++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _next) % (Last - First));
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Somebody's: the next one, then.
            }
        }
        throw new InvalidOperationException("No free loopback port.");
    }
}
