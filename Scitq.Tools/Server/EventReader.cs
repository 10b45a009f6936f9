using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Scitq.Tools.Server;

/// <summary>One server-sent event.</summary>
internal readonly record struct ServerEvent(string Name, ReadOnlyMemory<byte> Data, string? Id);

/// <summary>Reads <c>text/event-stream</c>; memory is bounded by the longest line.</summary>
internal sealed class EventReader(Stream stream, TimeSpan silence)
{
    private const int MaxLine = 64 * 1024 * 1024;
    private byte[] _buffer = new byte[64 * 1024];
    private int _start, _end;

    /// <summary>Events until the stream ends.</summary>
    /// <exception cref="TimeoutException">Not even a ping came for too long.</exception>
    public async IAsyncEnumerable<ServerEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var name = "message";
        string? id = null;
        byte[]? data = null;
        while (await LineAsync(cancel) is { } line)
        {
            if (line.IsEmpty)
            {
                if (data is not null) yield return new ServerEvent(name, data, id);
                (name, data) = ("message", null);
                continue;
            }

            var colon = line.Span.IndexOf((byte)':');
            if (colon == 0) continue;                               // a comment: the server is alive
            var field = Encoding.UTF8.GetString(colon < 0 ? line.Span : line.Span[..colon]);
            var value = colon < 0 ? default : line[(colon + 1)..];
            if (!value.IsEmpty && value.Span[0] == ' ') value = value[1..];
            if (field == "event") name = Encoding.UTF8.GetString(value.Span);
            else if (field == "id") id = Encoding.UTF8.GetString(value.Span);
            else if (field == "data") data = data is null ? value.ToArray() : [.. data, (byte)'\n', .. value.Span];
        }
    }

    private async Task<ReadOnlyMemory<byte>?> LineAsync(CancellationToken cancel)
    {
        var scanned = _start;
        while (true)
        {
            var at = _buffer.AsSpan(scanned, _end - scanned).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var line = _buffer.AsMemory(_start, scanned + at - _start);
                _start = scanned + at + 1;
                return line.Length > 0 && line.Span[^1] == '\r' ? line[..^1] : line;
            }

            scanned = _end;
            if (_end == _buffer.Length)
            {
                var length = _end - _start;
                if (length > MaxLine) throw new JsonException("a line of the event stream is too long");
                var target = length > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
                Buffer.BlockCopy(_buffer, _start, target, 0, length);
                (_buffer, _start, _end, scanned) = (target, 0, length, length);
            }

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(silence);
            int read;
            try
            {
                read = await stream.ReadAsync(_buffer.AsMemory(_end), limit.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new TimeoutException($"nothing came for {silence.TotalSeconds:0} s");
            }

            if (read == 0) return null;
            _end += read;
        }
    }
}
