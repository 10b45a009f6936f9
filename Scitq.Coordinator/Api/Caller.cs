using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Connections.Features;
using Scitq.Contracts;

namespace Scitq.Coordinator.Api;

/// <summary>Who asks, as far as it can be known: the account at the other end of a connection from this machine, else the token, and the address.</summary>
internal static class Caller
{
    private static readonly object s_key = new();

    public static string Of(HttpContext context)
    {
        // The same account as long as the connection lasts.
        var items = context.Features.Get<IConnectionItemsFeature>()?.Items ?? context.Items;
        if (items.TryGetValue(s_key, out var known) && known is string caller) return caller;
        var address = Plain(context.Connection.RemoteIpAddress);
        var account = address is not null && IPAddress.IsLoopback(address) ? Account(address, context.Connection.RemotePort) : null;
        var named = context.RequestServices.GetRequiredService<CoordinatorOptions>().Token is null ? "no token" : "token";
        caller = $"{account ?? named} ({address?.ToString() ?? "?"})";
        items[s_key] = caller;
        return caller;
    }

    public static IPAddress? Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;

    /// <summary>Whose socket it is, from the kernel's tables.</summary>
    private static string? Account(IPAddress address, int port)
    {
        try
        {
            foreach (var (table, end) in (ReadOnlySpan<(string, string)>)[("/proc/net/tcp", Hex(address)), ("/proc/net/tcp6", Hex(address.MapToIPv6()))])
            {
                var local = string.Create(CultureInfo.InvariantCulture, $"{end}:{port:X4}");
                foreach (var line in File.ReadLines(table))
                {
                    // sl, local, remote, state, queues, timer, retransmits, uid
                    var words = line.Split(' ', 9, StringSplitOptions.RemoveEmptyEntries);
                    if (words.Length == 9 && words[1] == local) return uint.TryParse(words[7], out var uid) ? FileOwner.NameOf(uid) : null;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not Linux, or nothing to see: the address alone is told.
        }

        return null;
    }

    /// <summary>As the kernel writes addresses: words of four bytes, each in the machine's order.</summary>
    private static string Hex(IPAddress address) =>
        string.Concat(address.GetAddressBytes().Chunk(4).Select(word => BinaryPrimitives.ReadUInt32LittleEndian(word).ToString("X8", CultureInfo.InvariantCulture)));
}
