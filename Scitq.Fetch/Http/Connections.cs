using System.Net;
using System.Net.Sockets;

namespace Scitq.Fetch.Http;

/// <summary>Makes TCP connections, to public addresses only where that is asked for. The address that was checked is the one connected to: a second look-up could answer otherwise.</summary>
internal sealed class Connections(bool publicOnly)
{
    public async ValueTask<Stream> ConnectAsync(string host, int port, CancellationToken ct) => new PromptStream(await SocketAsync(host, port, ct));

    public async Task<Socket> SocketAsync(string host, int port, CancellationToken ct)
    {
        var addresses = IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, ct);
        if (publicOnly) addresses = [.. addresses.Where(IsPublic)];
        if (addresses.Length == 0) throw new AccessDeniedException($"'{host}' is not a public address, and only those may be connected to here.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, ct);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    internal static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6SiteLocal || address.IsIPv6UniqueLocal || address.IsIPv6Multicast
            || address.Equals(IPAddress.IPv6Any)) return false;
        if (address.AddressFamily != AddressFamily.InterNetwork) return true;
        return address.GetAddressBytes() is not ([0 or 10 or 127 or >= 224, ..] or [100, >= 64 and < 128, ..] or [169, 254, ..] or [172, >= 16 and < 32, ..] or [192, 168, ..] or [198, 18 or 19, ..]);
    }
}
