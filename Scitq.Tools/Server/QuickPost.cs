using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Scitq.Tools.Server;

/// <summary>
/// One small POST over a plain socket, in place. To get an HttpClient going takes longer than all the rest of a launch, and a
/// loop of launches pays that each time. Whatever is not as plain as expected here is left to <see cref="RestClient"/>, which
/// asks again with the same key.
/// </summary>
internal sealed class QuickPost(Uri root, string? token)
{
    private const int MaxRequest = 64 * 1024, MaxAnswer = 1024 * 1024;
    private const int ConnectMilliseconds = 2000, AnswerMilliseconds = 10_000;

    /// <summary>The answer, when it is a success; null when there is none that is understood here.</summary>
    public JsonDocument? TryPost(string path, ReadOnlyMemory<byte> json, Guid key, TimeSpan limit)
    {
        if (root.Scheme != Uri.UriSchemeHttp || json.Length > MaxRequest || token?.All(c => c is > ' ' and < '\x7f') == false) return null;
        var until = Environment.TickCount64 + (long)Math.Clamp(limit.TotalMilliseconds, 1, AnswerMilliseconds);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp)
                { NoDelay = true, SendTimeout = (int)Math.Min(ConnectMilliseconds, until - Environment.TickCount64) };
            if (IPAddress.TryParse(root.IdnHost, out var address)) socket.Connect(address, root.Port);
            else socket.Connect(root.IdnHost, root.Port);

            // By HTTP/1.0 the answer ends with the connection, and is not cut into chunks.
            var head = string.Create(CultureInfo.InvariantCulture,
                $"POST {root.AbsolutePath}{path} HTTP/1.0\r\nHost: {root.IdnHost}:{root.Port}\r\nContent-Type: application/json\r\nContent-Length: "
                    + $"{json.Length}\r\nIdempotency-Key: {key}\r\n{(token is null ? "" : $"Authorization: Bearer {token}\r\n")}\r\n");
            Send(socket, Encoding.ASCII.GetBytes(head));
            Send(socket, json.Span);
            return Read(socket, until);
        }
        catch (Exception e) when (e is SocketException or JsonException)
        {
            return null;
        }
    }

    private static void Send(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[socket.Send(bytes)..];
    }

    private static JsonDocument? Read(Socket socket, long until)
    {
        var (buffer, length) = (new byte[16 * 1024], 0);
        while (true)
        {
            // 0 would be for ever.
            socket.ReceiveTimeout = (int)Math.Max(1, until - Environment.TickCount64);
            if (socket.Receive(buffer.AsSpan(length)) is not (> 0 and var read)) break;
            length += read;
            if (length == MaxAnswer) return null;
            if (length == buffer.Length) Array.Resize(ref buffer, 2 * buffer.Length);
        }

        var answer = buffer.AsSpan(0, length);
        if (!answer.StartsWith("HTTP/1."u8) || answer.Length < 12 || answer[9] != '2') return null;
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0 || Encoding.Latin1.GetString(answer[..end]).Contains("\r\nTransfer-Encoding:", StringComparison.OrdinalIgnoreCase)) return null;

        // An answer that was cut off is no JSON.
        return JsonDocument.Parse(buffer.AsMemory(end + 4, length - end - 4));
    }
}
