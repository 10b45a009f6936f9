using System.Text;
using System.Text.Unicode;

namespace Scitq.Fetch.Local;

/// <summary>
/// Names of files are bytes on Linux, and need not be UTF-8. In our strings each byte that is none stands as a lone surrogate,
/// U+DC80 to U+DCFF, so that no two names become one and each can be opened again by <see cref="LocalFiles"/>. .NET's own file functions would replace them.
/// </summary>
internal static class ByteName
{
    private const char First = '\uDC80', Last = '\uDCFF';
    private const int Offset = 0xDC00;

    /// <summary>The string that stands for these bytes.</summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes)) return Encoding.UTF8.GetString(bytes);
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var length) == System.Buffers.OperationStatus.Done) text.Append(rune.ToString());
            else
                foreach (var lone in bytes[..length]) text.Append((char)(Offset + lone));
            bytes = bytes[length..];
        }

        return text.ToString();
    }

    /// <summary>The bytes that a string stands for, and a final NUL as the system's functions want it.</summary>
    public static byte[] Terminated(string name)
    {
        if (IsText(name))
        {
            var plain = new byte[Encoding.UTF8.GetByteCount(name) + 1];
            Encoding.UTF8.GetBytes(name, plain);
            return plain;
        }

        var bytes = new List<byte>(name.Length + 1);
        Span<byte> utf8 = stackalloc byte[4];
        for (var rest = name.AsSpan(); !rest.IsEmpty;)
        {
            var status = Rune.DecodeFromUtf16(rest, out var rune, out var length);
            if (status != System.Buffers.OperationStatus.Done && rest[0] is >= First and <= Last) bytes.Add((byte)(rest[0] - Offset));
            else bytes.AddRange(utf8[..rune.EncodeToUtf8(utf8)]);
            rest = rest[length..];
        }

        bytes.Add(0);
        return [.. bytes];
    }

    /// <summary>How many bytes a name has.</summary>
    public static int Length(string name) => IsText(name) ? Encoding.UTF8.GetByteCount(name) : Terminated(name).Length - 1;

    /// <summary>Whether the name is text, and so can be an object's key, part of a message or of JSON.</summary>
    public static bool IsText(ReadOnlySpan<char> name)
    {
        for (var at = name.IndexOfAnyInRange('\uD800', '\uDFFF'); at >= 0; at = name.IndexOfAnyInRange('\uD800', '\uDFFF'))
        {
            if (Rune.DecodeFromUtf16(name[at..], out _, out var length) != System.Buffers.OperationStatus.Done) return false;
            name = name[(at + length)..];
        }

        return true;
    }

    /// <summary>As it may be shown: each byte that is no text as <c>\xe9</c>.</summary>
    public static string Shown(string name)
    {
        if (IsText(name)) return name;
        var text = new StringBuilder(name.Length);
        for (var rest = name.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var length) == System.Buffers.OperationStatus.Done) text.Append(rune.ToString());
            else text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\x{rest[0] & 0xFF:x2}");
            rest = rest[length..];
        }

        return text.ToString();
    }

    /// <summary>The refusal of a name where only text can be.</summary>
    public static UnsupportedTransferException Refused(string name, string where) =>
        new($"'{Redacted.Of(name)}' has a name that is not UTF-8, which {where} cannot hold: rename it (with ? for the bad bytes: "
            + $"{Redacted.Of(Marked(name))}).");

    private static string Marked(string name) =>
        string.Concat(Path.GetFileName(name).EnumerateRunes().Select(rune => rune == Rune.ReplacementChar ? "?" : rune.ToString()));
}
