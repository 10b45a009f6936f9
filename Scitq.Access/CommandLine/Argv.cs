using System.Globalization;
using System.Text;

namespace Scitq.Access.CommandLine;

/// <summary>
/// Takes secrets out of this process's command line, which every user of the machine can read (<c>ps</c>,
/// <c>/proc/PID/cmdline</c>). The kernel shows the memory the arguments came in, so they are written over there, where they stand.
/// </summary>
public static class Argv
{
    private const byte Mask = (byte)'*';

    /// <summary>Masks the passwords of all addresses (<c>scheme://user:password@…</c>), and the whole value of these options.</summary>
    public static unsafe void Hide(params ReadOnlySpan<string> secretOptions)
    {
        if (!OperatingSystem.IsLinux() || Memory() is not { } range) return;
        Overwrite(new Span<byte>((void*)range.Start, checked((int)(range.End - range.Start))), secretOptions);
    }

    /// <summary>Does it to arguments that end with a zero each.</summary>
    internal static void Overwrite(Span<byte> arguments, ReadOnlySpan<string> secretOptions)
    {
        var names = new List<byte[]>();
        foreach (var option in secretOptions) names.Add(Encoding.UTF8.GetBytes(option));
        var valueOfSecret = false;
        while (arguments.Length > 0)
        {
            var length = arguments.IndexOf((byte)0) is var zero && zero < 0 ? arguments.Length : zero;
            var argument = arguments[..length];
            arguments = arguments[Math.Min(length + 1, arguments.Length)..];
            if (valueOfSecret) argument.Fill(Mask);
            valueOfSecret = false;
            foreach (var name in names)
            {
                if (!argument.StartsWith(name)) continue;
                if (argument.Length == name.Length) valueOfSecret = true;
                else if (argument[name.Length] == '=') argument[(name.Length + 1)..].Fill(Mask);
            }

            MaskPasswords(argument);
        }
    }

    /// <summary>From the first colon behind <c>://</c> up to the last <c>@</c> before the path.</summary>
    private static void MaskPasswords(Span<byte> text)
    {
        while (text.IndexOf("://"u8) is var mark && mark >= 0)
        {
            text = text[(mark + 3)..];
            // One argument may hold several addresses; a password as typed may hold anything but these.
            var end = text.IndexOfAny("/ \t\n|"u8) is var stop && stop < 0 ? text.Length : stop;
            var authority = text[..end];
            var (colon, at) = (authority.IndexOf((byte)':'), authority.LastIndexOf((byte)'@'));
            if (colon >= 0 && at > colon) authority[(colon + 1)..at].Fill(Mask);
        }
    }

    private static (nint Start, nint End)? Memory()
    {
        try
        {
            // The name in parentheses may hold anything; what follows it is numbers, of which the first is the third field.
            var stat = File.ReadAllText("/proc/self/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var (start, end) = (Number(fields[48 - 3]), Number(fields[49 - 3]));
            return start != 0 && end > start && end - start < 16 * 1024 * 1024 ? (start, end) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            return null;        // no /proc: then nobody else reads it there either
        }
    }

    private static nint Number(string text) => (nint)ulong.Parse(text, CultureInfo.InvariantCulture);
}
