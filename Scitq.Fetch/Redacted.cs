using Scitq.Contracts;

namespace Scitq.Fetch;

/// <summary>URIs as they may be shown: passwords and signatures masked, control characters escaped.</summary>
public static class Redacted
{
    /// <summary>The URI's text for messages and logs.</summary>
    public static string Of(DataUri uri) => Of(uri.Text);

    /// <summary>The same for any text that may hold a URI.</summary>
    public static string Of(string text)
    {
        text = Masked.Text(Local.ByteName.Shown(text));
        return text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? $"\\x{(int)c:x2}" : c.ToString())) : text;
    }
}
