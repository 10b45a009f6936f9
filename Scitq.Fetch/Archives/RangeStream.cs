using Microsoft.Win32.SafeHandles;

namespace Scitq.Fetch.Archives;

/// <summary>A part of a file.</summary>
internal sealed class RangeStream(SafeFileHandle file, long start, long length) : ReadOnlyStream
{
    private long _at;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = (int)Math.Min(buffer.Length, length - _at);
        if (wanted == 0) return 0;
        var read = await RandomAccess.ReadAsync(file, buffer[..wanted], start + _at, cancellationToken);
        _at += read;
        return read > 0 ? read : throw new EndOfStreamException("it is cut off.");
    }
}
