using System.Security.Cryptography;

namespace Scitq.Fetch.Transfers;

/// <summary>Counts and hashes the bytes that are read through it, so nothing is ever read twice for its MD5.</summary>
internal sealed class MeteredStream(Stream inner, Meter meter) : Stream
{
#pragma warning disable CA5351 // MD5 is what stores and archives publish; it guards against accidents here, not against attackers.
    private readonly IncrementalHash _md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351

    /// <summary>Bytes read so far.</summary>
    public long Count { get; private set; }

    /// <summary>The MD5 of what was read.</summary>
    public byte[] Md5() => _md5.GetCurrentHash();

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => Count; set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        return Seen(buffer.Span[..read]);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => Seen(buffer.AsSpan(offset, inner.Read(buffer, offset, count)));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _md5.Dispose();
        base.Dispose(disposing);
    }

    private int Seen(ReadOnlySpan<byte> bytes)
    {
        _md5.AppendData(bytes);
        Count += bytes.Length;
        meter.Moved(bytes.Length);
        return bytes.Length;
    }
}
