using System.Buffers.Binary;
using System.Globalization;
using Scitq.Fetch.Local;

namespace Scitq.Fetch.Archives;

/// <summary>One entry of the directory of a zip.</summary>
internal sealed class ZipEntry
{
    public const int FixedLength = 46;
    private const ushort Zip64 = 1, Timestamps = 0x5455;
    private const byte Dos = 0, Unix = 3, Darwin = 19;
    private readonly uint _attributes;
    private readonly byte _host;

    /// <exception cref="InvalidDataException">It is malformed.</exception>
    public ZipEntry(ReadOnlySpan<byte> record)
    {
        _host = record[5];
        Flags = BinaryPrimitives.ReadUInt16LittleEndian(record[8..]);
        Method = BinaryPrimitives.ReadUInt16LittleEndian(record[10..]);
        Crc = BinaryPrimitives.ReadUInt32LittleEndian(record[16..]);
        Packed = BinaryPrimitives.ReadUInt32LittleEndian(record[20..]);
        Size = BinaryPrimitives.ReadUInt32LittleEndian(record[24..]);
        _attributes = BinaryPrimitives.ReadUInt32LittleEndian(record[38..]);
        Offset = BinaryPrimitives.ReadUInt32LittleEndian(record[42..]);
        var extraAt = FixedLength + BinaryPrimitives.ReadUInt16LittleEndian(record[28..]);
        RawName = record[FixedLength..extraAt].ToArray();
        Name = ByteName.Of(RawName);
        Modified = Time(BinaryPrimitives.ReadUInt16LittleEndian(record[14..]), BinaryPrimitives.ReadUInt16LittleEndian(record[12..]));
        for (var extra = record.Slice(extraAt, BinaryPrimitives.ReadUInt16LittleEndian(record[30..])); extra.Length >= 4;)
        {
            var (kind, length) = (BinaryPrimitives.ReadUInt16LittleEndian(extra), BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]));
            if (length > extra.Length - 4) break;
            Take(kind, extra.Slice(4, length));
            extra = extra[(4 + length)..];
        }

        // Programs for DOS and Windows have written their own separator.
        if (_host == Dos && !Name.Contains('/')) Name = Name.Replace('\\', '/');
        if (Size < 0 || Packed < 0 || Offset < 0) throw new InvalidDataException("a number in its directory is too large.");
    }

    public string Name { get; }

    /// <summary>As it has to be before the content, too.</summary>
    public byte[] RawName { get; }

    public ushort Flags { get; }

    public ushort Method { get; }

    public uint Crc { get; }

    public long Packed { get; private set; }

    public long Size { get; private set; }

    public long Offset { get; private set; }

    public DateTime? Modified { get; private set; }

    public FileKind Kind => Name.EndsWith('/') ? FileKind.Directory : (UnixMode & 0xF000) switch
    {
        0x4000 => FileKind.Directory,
        0xA000 => FileKind.SymbolicLink,
        0x1000 => FileKind.Fifo,
        0xC000 => FileKind.Socket,
        0x2000 or 0x6000 => FileKind.Device,
        _ => FileKind.File,
    };

    public UnixFileMode? Mode => (UnixMode & 0x1FF) is not 0 and var mode ? (UnixFileMode)mode : null;

    private uint UnixMode => _host is Unix or Darwin ? _attributes >> 16 : 0;

    private void Take(ushort kind, ReadOnlySpan<byte> extra)
    {
        switch (kind)
        {
            case Zip64:
                // Only what did not fit is there, in this order.
                if (Size == uint.MaxValue) Size = Long(ref extra);
                if (Packed == uint.MaxValue) Packed = Long(ref extra);
                if (Offset == uint.MaxValue) Offset = Long(ref extra);
                break;
            case Timestamps when extra.Length >= 5 && (extra[0] & 1) != 0:
                Modified = UnixTime.Of(BinaryPrimitives.ReadInt32LittleEndian(extra[1..]));
                break;
        }
    }

    private static long Long(ref ReadOnlySpan<byte> extra)
    {
        if (extra.Length < sizeof(long)) throw new InvalidDataException("a large number is missing in its directory.");
        var number = BinaryPrimitives.ReadInt64LittleEndian(extra);
        extra = extra[sizeof(long)..];
        return number;
    }

    private static DateTime? Time(int date, int time) =>
        DateTime.TryParseExact(
            string.Create(CultureInfo.InvariantCulture,
                $"{(date >> 9) + 1980}-{(date >> 5) & 0xF}-{date & 0x1F} {time >> 11}:{(time >> 5) & 0x3F}:{(time & 0x1F) * 2}"),
            "yyyy-M-d H:m:s",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeLocal | DateTimeStyles.AdjustToUniversal,
            out var parsed) ? parsed : null;
}
