using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Scitq.Contracts;

namespace Scitq.Coordinator.Api.Access;

/// <summary>
/// Names the caller of a request as well as can be: by the account at the other end of a connection from this machine, else by the token,
/// and by the address.
/// </summary>
internal static class Caller
{
    private const int Longest = 512 * 1024;
    private static readonly object Key = new();

    public static string Of(HttpContext context)
    {
        // The same account as long as the connection lasts.
        var items = context.Features.Get<IConnectionItemsFeature>()?.Items ?? context.Items;
        if (items.TryGetValue(Key, out var known) && known is string caller) return caller;
        var (account, address) = Peer(context);
        var named = context.RequestServices.GetRequiredService<ApiToken>().IsNeeded ? "token" : "no token";
        caller = $"{account ?? named} ({address})";
        items[Key] = caller;
        return caller;
    }

    /// <summary>The name of a caller who has shown no token.</summary>
    public static string Unknown(HttpContext context)
    {
        var (account, address) = Peer(context);
        return account is null ? address : $"{account} ({address})";
    }

    public static IPAddress? Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;

    private static (string? Account, string Address) Peer(HttpContext context)
    {
        var address = Plain(context.Connection.RemoteIpAddress);
        return (address is not null && IPAddress.IsLoopback(address) ? Account(address, context.Connection.RemotePort) : null, address?.ToString() ?? "?");
    }

    /// <summary>
    /// The account that owns the socket, from the kernel's tables. Of a very long table only the beginning is read, because every call
    /// waits for it.
    /// </summary>
    private static string? Account(IPAddress address, int port)
    {
        var table = ArrayPool<byte>.Shared.Rent(Longest);
        try
        {
            foreach (var (file, end) in (ReadOnlySpan<(string, string)>)[("/proc/net/tcp", Hex(address)), ("/proc/net/tcp6", Hex(address.MapToIPv6()))])
            {
                using var handle = File.OpenHandle(file);
                using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
                var text = table.AsSpan(0, stream.ReadAtLeast(table.AsSpan(0, Longest), Longest, throwOnEndOfStream: false));
                var at = text.IndexOf(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $": {end}:{port:X4} ")));
                if (at < 0) continue;

                // The line goes on with local, remote, state, queues, timer, retransmits, uid.
                var words = Encoding.ASCII.GetString(text[(at + 2)..Math.Min(text.Length, at + 200)]).Split(' ', 8, StringSplitOptions.RemoveEmptyEntries);
                return words.Length == 8 && uint.TryParse(words[6], out var uid) ? FileOwner.NameOf(uid) : null;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not Linux, or nothing to see: the address alone is told.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(table);
        }

        return null;
    }

    /// <summary>As the kernel writes addresses: words of four bytes, each in the machine's order.</summary>
    private static string Hex(IPAddress address) =>
        string.Concat(
            address.GetAddressBytes().Chunk(4).Select(word => BinaryPrimitives.ReadUInt32LittleEndian(word).ToString("X8", CultureInfo.InvariantCulture)));
}
