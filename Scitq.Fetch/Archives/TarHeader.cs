using System.Text;
using Scitq.Fetch.Local;

namespace Scitq.Fetch.Archives;

/// <summary>One block of 512 bytes that begins a member of a tar, in any of the dialects: v7, ustar, pax, GNU old and new.</summary>
internal readonly struct TarHeader
{
    public const int Length = 512;
    private const int SumAt = 148, SumLength = 8, PiecesInHeader = 4, PiecesInExtension = 21, PieceLength = 24;

    private TarHeader(ReadOnlySpan<byte> block)
    {
        Kind = (char)block[156];
        IsGnu = block.Slice(257, 8).SequenceEqual("ustar  \0"u8);
        var prefix = block.Slice(257, 6).SequenceEqual("ustar\0"u8) ? Text(block.Slice(345, 155)) : default;
        var name = Text(block[..100]);
        Name = ByteName.Of(prefix.IsEmpty ? name : [.. prefix, (byte)'/', .. name]);
        LinkName = ByteName.Of(Text(block.Slice(157, 100)));
        Mode = (UnixFileMode)(Number(block.Slice(100, 8), "mode") & 0xFFF);
        Size = Number(block.Slice(124, 12), "size");
        Modified = Number(block.Slice(136, 12), "time");
        if (Size < 0) throw new FormatException("its size is negative");
    }

    public char Kind { get; }

    public bool IsGnu { get; }

    public string Name { get; }

    public string LinkName { get; }

    public UnixFileMode Mode { get; }

    public long Size { get; }

    /// <summary>Seconds since 1970.</summary>
    public long Modified { get; }

    public static bool IsEmpty(ReadOnlySpan<byte> block) => !block.ContainsAnyExcept((byte)0);

    /// <summary>Whether a block is one: its sum is that of its bytes, which some old programs took for signed ones.</summary>
    public static bool IsOne(ReadOnlySpan<byte> block)
    {
        long sum;
        try
        {
            sum = Number(block.Slice(SumAt, SumLength), "checksum");
        }
        catch (FormatException)
        {
            return false;
        }

        var (unsigned, signed) = (SumLength * ' ', SumLength * ' ');
        for (var i = 0; i < Length; i++)
        {
            if (i is >= SumAt and < SumAt + SumLength) continue;
            unsigned += block[i];
            signed += (sbyte)block[i];
        }

        return (sum == unsigned || sum == signed) && !IsEmpty(block);
    }

    /// <exception cref="FormatException">A number in it is none.</exception>
    public static TarHeader Read(ReadOnlySpan<byte> block) => new(block);

    /// <summary>The pieces of an old GNU sparse file that its header names; whether another block of them follows.</summary>
    public static bool ReadPieces(ReadOnlySpan<byte> header, SparseMap map) => ReadPieces(header[386..], PiecesInHeader, map);

    public static bool ReadMorePieces(ReadOnlySpan<byte> block, SparseMap map) => ReadPieces(block, PiecesInExtension, map);

    /// <summary>The whole length of an old GNU sparse file.</summary>
    public static long RealSize(ReadOnlySpan<byte> header) => Number(header.Slice(483, 12), "size");

    private static bool ReadPieces(ReadOnlySpan<byte> pieces, int count, SparseMap map)
    {
        for (var i = 0; i < count; i++)
        {
            var piece = pieces.Slice(i * PieceLength, PieceLength);
            if (piece[12] == 0) break;
            map.Add(Number(piece[..12], "sparse map"), Number(piece[12..], "sparse map"));
        }

        return pieces[count * PieceLength] != 0;
    }

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> field) => field.IndexOf((byte)0) is >= 0 and var end ? field[..end] : field;

    /// <summary>Octal digits between blanks; or, where those don't suffice, the first bit set and the rest a binary number.</summary>
    private static long Number(ReadOnlySpan<byte> field, string what)
    {
        if ((field[0] & 0x80) != 0)
        {
            Int128 binary = (field[0] & 0x40) != 0 ? -1 : 0;
            binary = (binary << 6) | (field[0] & 0x3F);
            foreach (var b in field[1..]) binary = (binary << 8) | b;
            return binary >= long.MinValue && binary <= long.MaxValue ? (long)binary : throw Wrong(field, what);
        }

        var digits = field.TrimStart(" \0"u8);
        var end = digits.IndexOfAny((byte)' ', (byte)0);
        var number = 0L;
        foreach (var digit in end < 0 ? digits : digits[..end])
            number = digit is >= (byte)'0' and <= (byte)'7' ? (number << 3) | (long)(digit - '0') : throw Wrong(field, what);
        return number;
    }

    private static FormatException Wrong(ReadOnlySpan<byte> field, string what) =>
        new($"its {what} is no number ('{Redacted.Of(Encoding.Latin1.GetString(field))}')");
}
