using System.Globalization;
using System.Text;
using Scitq.Fetch.Local;

namespace Scitq.Tools;

/// <summary>Text of users on a screen: control characters are shown, never obeyed.</summary>
internal static class Display
{
    /// <summary>One line without control characters: <c>\n</c>, <c>\t</c>, <c>\x1b</c>.</summary>
    public static string Clean(string text)
    {
        text = ByteName.Shown(text);
        if (!text.Any(IsUnsafe)) return text;
        var clean = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            if (!IsUnsafe(c)) clean.Append(c);
            else clean.Append(c switch { '\n' => "\\n", '\t' => "\\t", '\r' => "\\r", _ => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}") });
        }

        return clean.ToString();
    }

    /// <summary><c>1.4 GiB</c>.</summary>
    public static string Size(double bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        var unit = 0;
        for (; bytes >= 1024 && unit < units.Length - 1; unit++) bytes /= 1024;
        return string.Create(CultureInfo.InvariantCulture,
            $"{bytes.ToString(unit == 0 || bytes >= 100 ? "0" : "0.0", CultureInfo.InvariantCulture)} {units[unit]}");
    }

    /// <summary><c>1,240</c>.</summary>
    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Control characters, and the marks that turn the direction of what follows.</summary>
    public static bool IsUnsafe(char c) => char.IsControl(c) || c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
