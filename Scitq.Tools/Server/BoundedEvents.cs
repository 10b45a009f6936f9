using System.Text.Json;

namespace Scitq.Tools.Server;

/// <summary>A stream of server-sent events in which none is larger than any server of ours sends: a parser keeps an event until it is whole.</summary>
/// <param name="inner">The stream as it comes.</param>
/// <param name="heard">Told of every piece: a comment, or part of an event on a slow line, is a sign of life too, of which a parser says nothing.</param>
/// <param name="largest">The bytes of the largest event.</param>
internal sealed class BoundedEvents(Stream inner, Action heard, int largest = 64 << 20) : Stream
{
    private long _size;
    private bool _lineEnded;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        if (read > 0) heard();
        Count(buffer.Span[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Count(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty) return;
        if (text.LastIndexOf("\n\n"u8) is var blank and >= 0) _size = text.Length - blank - 2;
        else if (_lineEnded && text[0] == '\n') _size = text.Length - 1;
        else _size += text.Length;
        _lineEnded = text[^1] == '\n';
        if (_size > largest) throw new JsonException("an event of the server's stream is too long");
    }
}
