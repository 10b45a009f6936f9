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
        text = Password().Replace(text, "${user}:***@");
        text = Signature().Replace(text, "${name}=***");
        return text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? $"\\x{(int)c:x2}" : c.ToString())) : text;
    }

    [GeneratedRegex("(?<=://)(?<user>[^/:@]*):[^/@]*@")]
    private static partial Regex Password();

    [GeneratedRegex("(?<=[?&])(?<name>sig|X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token|token|access_token|key|password|Signature)=[^&|]*", RegexOptions.IgnoreCase)]
    private static partial Regex Signature();
}
