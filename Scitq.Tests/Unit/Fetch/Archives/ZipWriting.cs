using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace Scitq.Tests.Unit.Fetch.Archives;

/// <summary>One entry of a zip, right unless something is set. Texts are Latin-1: a character is a byte.</summary>
internal sealed record ZipPart(string Name, byte[] Content)
{
    public int Method { get; init; } = 8;

    /// <summary>What is there, if not the content by the method.</summary>
    public byte[]? Packed { get; init; }

    public int Flags { get; init; }

    public int Host { get; init; } = 3;

    public uint Mode { get; init; } = 0x81A4;

    public byte[] Extra { get; init; } = [];

    public string? LocalName { get; init; }

    public uint? Crc { get; init; }

    public uint? Size { get; init; }

    /// <summary>Sizes and checksum follow the content, as of a program that could not know them before.</summary>
    public bool IsStreamed { get; init; }

    /// <summary>Sizes and offset in the form for large files.</summary>
    public bool IsLarge { get; init; }

    public byte[] Data => Packed ?? (Method == 8 ? Deflate(Content) : Content);

    private static byte[] Deflate(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true)) deflate.Write(content);
        return packed.Length == 0 ? [3, 0] : packed.ToArray();
    }
}

internal static class ZipWriting
{
    public static byte[] Zip(IEnumerable<ZipPart> parts, string comment = "", bool isLarge = false, int? count = null)
    {
        using var zip = new MemoryStream();
        using var directory = new MemoryStream();
        var entries = 0;
        foreach (var part in parts)
        {
            var (at, data) = (zip.Position, part.Data);
            var (crc, size) = (part.Crc ?? Crc32.HashToUInt32(part.Content), part.Size ?? (uint)part.Content.Length);
            var flags = part.Flags | (part.IsStreamed ? 8 : 0);
            var local = new byte[30];
            "PK\x03\x04"u8.CopyTo(local);
            Common(local.AsSpan(4), part, flags, part.IsStreamed ? 0 : crc, part.IsStreamed ? 0 : (uint)data.Length, part.IsStreamed ? 0 : size);
            var localName = Encoding.Latin1.GetBytes(part.LocalName ?? part.Name);
            BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(26), (ushort)localName.Length);
            zip.Write(local);
            zip.Write(localName);
            zip.Write(data);
            if (part.IsStreamed) zip.Write([.. "PK\x07\x08"u8, .. Bytes(crc), .. Bytes((uint)data.Length), .. Bytes(size)]);
            var (name, extra) = (Encoding.Latin1.GetBytes(part.Name), part.Extra);
            if (part.IsLarge)
                extra = [1, 0, 24, 0, .. BitConverter.GetBytes((long)size), .. BitConverter.GetBytes((long)data.Length), .. BitConverter.GetBytes(at),
                    .. extra];
            var record = new byte[46];
            "PK\x01\x02"u8.CopyTo(record);
            record[4] = 45;
            record[5] = (byte)part.Host;
            Common(record.AsSpan(6), part, flags, crc, part.IsLarge ? uint.MaxValue : (uint)data.Length, part.IsLarge ? uint.MaxValue : size);
            BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(28), (ushort)name.Length);
            BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(30), (ushort)extra.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(38), part.Mode << 16);
            BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(42), part.IsLarge ? uint.MaxValue : (uint)at);
            directory.Write(record);
            directory.Write(name);
            directory.Write(extra);
            entries++;
        }

        entries = count ?? entries;
        var start = zip.Position;
        zip.Write(directory.ToArray());
        if (isLarge)
        {
            var end = zip.Position;
            zip.Write([.. "PK\x06\x06"u8, .. BitConverter.GetBytes(44L), 45, 3, 45, 0, .. new byte[8], .. BitConverter.GetBytes((long)entries),
                .. BitConverter.GetBytes((long)entries), .. BitConverter.GetBytes(directory.Length), .. BitConverter.GetBytes(start)]);
            zip.Write([.. "PK\x06\x07"u8, .. new byte[4], .. BitConverter.GetBytes(end), 1, 0, 0, 0]);
        }

        var number = BitConverter.GetBytes(isLarge ? ushort.MaxValue : (ushort)entries);
        zip.Write([.. "PK\x05\x06"u8, .. new byte[4], .. number, .. number, .. isLarge ? Bytes(uint.MaxValue) : Bytes((uint)directory.Length), .. isLarge
            ? Bytes(uint.MaxValue) : Bytes((uint)start)]);
        zip.Write([.. BitConverter.GetBytes((ushort)comment.Length), .. Encoding.Latin1.GetBytes(comment)]);
        return zip.ToArray();
    }

    private static void Common(Span<byte> header, ZipPart part, int flags, uint crc, uint packed, uint size)
    {
        header[0] = 20;
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], (ushort)flags);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], (ushort)part.Method);
        // 2020-05-15 12:34:56
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], (12 << 11) | (34 << 5) | 28);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], (40 << 9) | (5 << 5) | 15);
        BinaryPrimitives.WriteUInt32LittleEndian(header[10..], crc);
        BinaryPrimitives.WriteUInt32LittleEndian(header[14..], packed);
        BinaryPrimitives.WriteUInt32LittleEndian(header[18..], size);
    }

    private static byte[] Bytes(uint number) => BitConverter.GetBytes(number);
}
