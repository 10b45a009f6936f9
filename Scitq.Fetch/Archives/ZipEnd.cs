using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Scitq.Fetch.Archives;

/// <summary>Where the directory of a zip is, as the end of the file tells.</summary>
/// <param name="Start">The first byte of the directory.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Shift">The length of what precedes the archive, such as the program of one that unpacks itself: all offsets are without it.</param>
/// <param name="Entries">How many there are.</param>
/// <param name="IsLarge">Whether that number is whole; else it is one modulo 65,536.</param>
internal readonly record struct ZipEnd(long Start, long Length, long Shift, long Entries, bool IsLarge)
{
    private const int FixedLength = 22, LongestComment = ushort.MaxValue, LocatorLength = 20, LargeLength = 56;

    /// <exception cref="InvalidDataException">It is no zip, not a whole one, or one of several volumes.</exception>
    public static ZipEnd Find(SafeFileHandle file)
    {
        var length = RandomAccess.GetLength(file);
        var tail = new byte[(int)Math.Min(length, FixedLength + LongestComment)];
        RandomAccess.Read(file, tail, length - tail.Length);
        for (var at = tail.Length - FixedLength; at >= 0; at--)
        {
            var end = tail.AsSpan(at);
            if (!end.StartsWith("PK\x05\x06"u8) || at + FixedLength + BinaryPrimitives.ReadUInt16LittleEndian(end[20..]) > tail.Length) continue;
            return Read(file, length - tail.Length + at, end);
        }

        throw new InvalidDataException("it is no zip, or cut off: its directory is missing.");
    }

    private static ZipEnd Read(SafeFileHandle file, long at, ReadOnlySpan<byte> end)
    {
        var disks = BinaryPrimitives.ReadUInt32LittleEndian(end[4..]);
        long entries = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]), length = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]),
        offset = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        var isLarge = false;
        if (entries == ushort.MaxValue || length == uint.MaxValue || offset == uint.MaxValue)
        {
            Span<byte> large = stackalloc byte[LargeLength];
            var locator = large[..LocatorLength];
            if (at >= LocatorLength && RandomAccess.Read(file, locator, at - LocatorLength) == LocatorLength && locator.StartsWith("PK\x06\x07"u8))
            {
                var largeAt = BinaryPrimitives.ReadInt64LittleEndian(locator[8..]);
                if (!IsLargeEnd(file, largeAt, large))
                    throw new InvalidDataException("its directory is missing.");
                disks = BinaryPrimitives.ReadUInt32LittleEndian(large[16..]) | BinaryPrimitives.ReadUInt32LittleEndian(large[20..]);
                (entries, length, offset) = (BinaryPrimitives.ReadInt64LittleEndian(large[32..]), BinaryPrimitives.ReadInt64LittleEndian(large[40..]),
                    BinaryPrimitives.ReadInt64LittleEndian(large[48..]));
                (at, isLarge) = (largeAt, true);
            }
        }

        if (disks != 0) throw new InvalidDataException("it is one of several volumes.");
        if (entries < 0 || length < 0 || offset < 0 || length > at || offset > at - length) throw new InvalidDataException("its directory is beyond its end.");
        if (entries == 0 && length == 0) return new ZipEnd(at, 0, 0, 0, isLarge);
        foreach (var start in (long[])[offset, at - length])
            if (IsDirectory(file, start)) return new ZipEnd(start, length, start - offset, entries, isLarge);
        throw new InvalidDataException("its directory is missing.");
    }

    private static bool IsLargeEnd(SafeFileHandle file, long at, Span<byte> end) =>
        at >= 0 && RandomAccess.Read(file, end, at) == end.Length && end.StartsWith("PK\x06\x06"u8);

    private static bool IsDirectory(SafeFileHandle file, long at)
    {
        Span<byte> mark = stackalloc byte[4];
        return RandomAccess.Read(file, mark, at) == mark.Length && mark.SequenceEqual("PK\x01\x02"u8);
    }
}
