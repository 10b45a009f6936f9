using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Scitq.Tests.Unit.Fetch.Archives;

public enum Dialect
{
    V7,
    Ustar,
    Gnu,
    Pax,
    Star,
}

/// <summary>Writes a tar byte for byte, right or wrong. Texts are Latin-1: a character is a byte.</summary>
internal sealed class TarWriting(Dialect dialect)
{
    private const int Block = 512;
    private readonly List<byte> _tar = [];

    /// <summary>A block with a right checksum, whatever else is wrong with it.</summary>
    public TarWriting Header(
        string name, char kind, long size, string link = "", int mode = 420, long time = 1_700_000_000, string prefix = "", Action<byte[]>? change = null)
    {
        var block = new byte[Block];
        Put(block, 0, 100, name);
        Octal(block, 100, 8, mode);
        Octal(block, 108, 8, 0);
        Octal(block, 116, 8, 0);
        Number(block, 124, size);
        Number(block, 136, time);
        block[156] = (byte)(kind == '0' && dialect == Dialect.V7 ? '\0' : kind);
        Put(block, 157, 100, link);
        if (dialect == Dialect.Gnu) Put(block, 257, 8, "ustar  \0");
        else if (dialect != Dialect.V7) Put(block, 257, 8, "ustar\000");
        if (dialect != Dialect.V7)
        {
            Octal(block, 329, 8, 1);
            Octal(block, 337, 8, 3);
        }

        if (dialect == Dialect.Star)
        {
            Octal(block, 476, 12, 1_600_000_000);
            Octal(block, 488, 12, 1_600_000_000);
            Put(block, 508, 4, "tar\0");
        }

        Put(block, 345, 155, prefix);
        change?.Invoke(block);
        block.AsSpan(148, 8).Fill((byte)' ');
        Put(block, 148, 8, Convert.ToString(block.Sum(b => b), 8).PadLeft(6, '0') + "\0 ");
        _tar.AddRange(block);
        return this;
    }

    public TarWriting Data(byte[] content)
    {
        _tar.AddRange(content);
        return Pad();
    }

    /// <summary>Any member, its names as long as they are, in the way of the dialect.</summary>
    public TarWriting Member(string name, char kind, byte[]? content = null, string link = "", int mode = 420, long time = 1_700_000_000)
    {
        content ??= [];
        var prefix = "";
        switch (dialect)
        {
            case Dialect.Gnu:
                if (name.Length >= 100) Long('L', name);
                if (link.Length >= 100) Long('K', link);
                break;
            case Dialect.Pax:
                var records = (name.Length > 100 || name.Any(c => c > 127) ? [("path", name)] : Array.Empty<(string, string)>())
                    .Concat(link.Length > 100 ? [("linkpath", link)] : []).ToArray();
                if (records.Length > 0) Pax(records);
                break;
            case Dialect.Ustar or Dialect.Star when name.Length > 100:
                var slash = name.LastIndexOf('/', Math.Min(name.Length - 2, dialect == Dialect.Star ? 130 : 155));
                if (slash > 0) (prefix, name) = (name[..slash], name[(slash + 1)..]);
                break;
        }

        return Header(name, kind, content.Length, link, mode, time, prefix).Data(content);
    }

    public TarWriting File(string name, string text) => Member(name, '0', Encoding.Latin1.GetBytes(text));

    public TarWriting Long(char kind, string text) => Header("././@LongLink", kind, text.Length + 1, time: 0).Data([.. Encoding.Latin1.GetBytes(text), 0]);

    public TarWriting Pax(params (string Key, string Value)[] records) => Extended('x', string.Concat(records.Select(r => Record(r.Key, r.Value))));

    public TarWriting Extended(char kind, string content) => Header("PaxHeaders/x", kind, content.Length).Data(Encoding.Latin1.GetBytes(content));

    /// <summary>With the two empty blocks, and up to a whole record if asked for.</summary>
    public byte[] End(bool record = false)
    {
        _tar.AddRange(new byte[2 * Block]);
        if (record) _tar.AddRange(new byte[((10240 - (_tar.Count % 10240)) % 10240)]);
        return [.. _tar];
    }

    public byte[] WithoutEnd() => [.. _tar];

    public static string Record(string key, string value)
    {
        var rest = $" {key}={value}\n";
        var length = rest.Length + 1;
        while (length != rest.Length + length.ToString(CultureInfo.InvariantCulture).Length) length++;
        return length.ToString(CultureInfo.InvariantCulture) + rest;
    }

    public static void Octal(byte[] block, int at, int length, long number) =>
        Put(block, at, length, Convert.ToString(number, 8).PadLeft(length - 1, '0') + "\0");

    /// <summary>Octal, or where that does not suffice GNU's binary form.</summary>
    public static void Number(byte[] block, int at, long number)
    {
        if (number is >= 0 and < 1L << 33)
        {
            Octal(block, at, 12, number);
            return;
        }

        block.AsSpan(at, 4).Fill((byte)(number < 0 ? 0xFF : 0));
        block[at] |= 0x80;
        BinaryPrimitives.WriteInt64BigEndian(block.AsSpan(at + 4), number);
    }

    public static void Put(byte[] block, int at, int most, string text) =>
        Encoding.Latin1.GetBytes(text.Length > most ? text[..most] : text).CopyTo(block, at);

    private TarWriting Pad()
    {
        _tar.AddRange(new byte[((Block - (_tar.Count % Block)) % Block)]);
        return this;
    }
}
