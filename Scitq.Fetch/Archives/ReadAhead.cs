namespace Scitq.Fetch.Archives;

/// <summary>A stream whose next bytes can be looked at before they are taken.</summary>
internal sealed class ReadAhead(Stream source, int size = 1 << 17)
{
    private readonly byte[] _buffer = new byte[size];
    private int _at, _filled;

    /// <summary>The bytes that are here.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(_at, _filled - _at);

    /// <summary>Whether there are as many bytes at least.</summary>
    public async ValueTask<bool> FillAsync(int wanted, CancellationToken ct)
    {
        if (_filled - _at >= wanted) return true;
        Bytes.CopyTo(_buffer);
        (_at, _filled) = (0, _filled - _at);
        while (_filled < wanted)
        {
            var read = await source.ReadAsync(_buffer.AsMemory(_filled), ct);
            if (read == 0) return false;
            _filled += read;
        }

        return true;
    }

    public void Skip(int count) => _at += count;

    /// <summary>Undoes the last <see cref="Skip"/>, as long as nothing was filled since.</summary>
    public void Unskip(int count) => _at -= count;

    /// <summary>Takes as many bytes as there are here and find room; 0 at the end only.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct)
    {
        if (!await FillAsync(1, ct)) return 0;
        var count = Math.Min(buffer.Length, _filled - _at);
        _buffer.AsMemory(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }
}
