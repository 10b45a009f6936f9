using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Ftp;

/// <summary>
/// Reads lines as bytes: names may be in any encoding, and hold a lone carriage return. Not a byte more is taken from the stream than has arrived by
/// itself.
/// </summary>
internal sealed class FtpLines(Stream stream, Idle idle)
{
    // No path is longer than 4,096 bytes, and facts or columns are few.
    private const int Longest = 1 << 16;
    private byte[] _buffer = new byte[4096];
    private int _start, _end;

    /// <summary>The next line without its end; null after the last one.</summary>
    /// <exception cref="TransientException">It is endless, or the stream ended within one.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken ct)
    {
        for (var searched = 0; ;)
        {
            var waiting = _buffer.AsMemory(_start, _end - _start);
            var feed = waiting.Span[searched..].IndexOf((byte)'\n');
            if (feed >= 0)
            {
                var line = waiting[..(searched + feed)];
                _start += searched + feed + 1;
                return line.Span is [.., (byte)'\r'] ? line[..^1] : line;
            }

            searched = waiting.Length;
            if (searched > Longest) throw new TransientException("the server sent a line that has no end.");
            MakeRoom();
            var read = await idle.GuardAsync(c => stream.ReadAsync(_buffer.AsMemory(_end), c), ct);
            _end += read;
            if (read > 0) continue;
            if (searched == 0) return null;
            // Not every server ends its last line.
            _start = _end;
            return waiting;
        }
    }

    private void MakeRoom()
    {
        if (_end < _buffer.Length) return;
        var length = _end - _start;
        var buffer = length > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : new byte[_buffer.Length];
        _buffer.AsSpan(_start, length).CopyTo(buffer);
        (_buffer, _start, _end) = (buffer, 0, length);
    }
}
