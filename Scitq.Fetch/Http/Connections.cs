using System.Net;
using System.Net.Sockets;

namespace Scitq.Fetch.Http;

/// <summary>
/// Makes TCP connections, to allowed addresses only where not all are. The address that was checked is the one connected to: a second look-up could
/// answer otherwise.
/// </summary>
internal sealed class Connections(Func<IPAddress, bool>? allowed)
{
    public async ValueTask<Stream> ConnectAsync(string host, int port, CancellationToken ct) => new PromptStream(await SocketAsync(host, port, ct));

    public async Task<Socket> SocketAsync(string host, int port, CancellationToken ct)
    {
        var addresses = IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, ct);
        if (allowed is not null) addresses = [.. addresses.Where(allowed)];
        if (addresses.Length == 0) throw Refused(host);
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

    /// <summary>
    /// Refuses a host that a proxy would connect to, as far as this machine can tell: which address the proxy finds for a name, only it knows.
    /// </summary>
    /// <exception cref="AccessDeniedException">It is no public address.</exception>
    public static async Task RequireAsync(string host, Func<IPAddress, bool> allowed, CancellationToken ct)
    {
        try
        {
            var addresses = IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, ct);
            if (!addresses.All(allowed)) throw Refused(host);
        }
        catch (SocketException)
        {
            // Behind a proxy there is often no way to ask.
        }
    }

    /// <summary>Whether an address is anybody's in the whole net: https://www.iana.org/assignments/iana-ipv4-special-registry and its twin for IPv6.</summary>
    internal static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetwork ? IsPublic(bytes) : bytes switch
        {
            // NAT64 and 6to4 lead to the IPv4 address within.
            [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, .. var within] => IsPublic(within),
            [0x20, 0x02, ..] => IsPublic(bytes[2..6]),
            // Teredo and what else is no host's, documentation, and then the rest of what is given out at all.
            [0x20, 0x01, < 0x02, ..] or [0x20, 0x01, 0x0d, 0xb8, ..] or [0x3f, 0xff, < 0x10, ..] => false,
            [>= 0x20 and < 0x40, ..] => true,
            _ => false,
        };
    }

    // This host, private networks, carriers' networks, loopback, link-local (cloud metadata), protocols, documentation, benchmarks, 6to4 relays,
    // multicast and beyond.
    private static bool IsPublic(byte[] address) => address is not ([0 or 10 or 127 or >= 224, ..] or [100, >= 64 and < 128, ..] or [169, 254, ..]
        or [172, >= 16 and < 32, ..] or [192, 168, ..] or [192, 0, 0 or 2, _] or [192, 88, 99, _] or [198, 18 or 19, ..] or [198, 51, 100, _] or [203, 0, 113,
            _]);

    private static AccessDeniedException Refused(string host) =>
        new($"'{host}' is not a public address, and only those may be connected to here (the agent's --fetch-addresses, PublicAddressesOnly of the library).");
}
