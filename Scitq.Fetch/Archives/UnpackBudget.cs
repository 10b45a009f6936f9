using System.Buffers;

namespace Scitq.Fetch.Archives;

/// <summary>Counts what comes out of an archive and stops it before it fills the disk.</summary>
internal sealed class UnpackBudget(UnpackLimits limits, long packed, string directory, string shown)
{
    private const long CheckEvery = 64L << 20;
    private const int BufferSize = 1 << 17;
    private readonly long _bytesAllowed = limits.BytesFor(packed);
    private long _bytes, _nextCheck;
    private int _entries;

    public void Entry()
    {
        if (++_entries > limits.Entries)
            throw new IntegrityException($"{shown}: the archive has more than {limits.Entries} entries, which is refused; nothing of it was kept.");
    }

    public void Bytes(long count)
    {
        _bytes = count > long.MaxValue - _bytes ? long.MaxValue : _bytes + count;
        if (_bytes > _bytesAllowed)
            throw new IntegrityException(
                $"{shown}: {packed} bytes unfold to more than {_bytesAllowed}, which is refused as a decompression bomb; nothing of it was kept.");
        if (_bytes < _nextCheck) return;
        _nextCheck = _bytes + CheckEvery;
        if (new DriveInfo(directory).AvailableFreeSpace < limits.DiskReserve + CheckEvery)
            throw new DiskFullException($"{shown}: the disk of '{directory}' is nearly full, unpacking was stopped and undone. Free some space and try again.");
    }

    /// <summary>Copies to the end, or so many bytes, counting.</summary>
    public async Task CopyAsync(Stream from, Stream to, CancellationToken ct, long most = long.MaxValue)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            for (int read; most > 0 && (read = await from.ReadAsync(buffer.AsMemory(0, (int)Math.Min(most, buffer.Length)), ct)) > 0; most -= read)
            {
                Bytes(read);
                to.Write(buffer.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
