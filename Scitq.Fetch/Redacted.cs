using System.Text.RegularExpressions;
using Scitq.Contracts;

namespace Scitq.Fetch;

/// <summary>URIs as they may be shown: passwords and signatures masked, control characters escaped.</summary>
public static partial class Redacted
{
    /// <summary>The URI's text for messages and logs.</summary>
    public static string Of(DataUri uri) => Of(uri.Text);

    /// <summary>The same for any text that may hold a URI.</summary>
    public static string Of(string text)
    {
        text = Local.ByteName.Shown(text);
        text = Password().Replace(text, "${user}:***@");
        text = UserAlone().Replace(text, "***@");
        text = Signature().Replace(text, "${name}=***");
        return text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? $"\\x{(int)c:x2}" : c.ToString())) : text;
    }

    // Up to the last @: a password may hold one.
    [GeneratedRegex(@"(?<=://)(?<user>[^/:@\s]*):[^/\s]*@")]
    private static partial Regex Password();

    // A user without a password is a token, mostly.
    [GeneratedRegex(@"(?<=https?(@[a-z0-9_]+)*://)[^/:@\s]+@")]
    private static partial Regex UserAlone();

    [GeneratedRegex(@"(?<=[?&])(?<name>[^=&?|/\s]*(sig|token|key|secret|pass|credential|auth)[^=&?|/\s]*)=[^&|\s]*", RegexOptions.IgnoreCase)]
    private static partial Regex Signature();
}
