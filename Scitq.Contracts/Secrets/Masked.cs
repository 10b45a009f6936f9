using System.Text.RegularExpressions;
using Scitq.Contracts.Docker;

namespace Scitq.Contracts;

/// <summary>
/// Texts of a task as people may see them: passwords, signatures and keys in URIs, and the values of variables named like a secret, are <c>***</c>.
/// </summary>
public static partial class Masked
{
    private const string Mask = "***";

    /// <summary>The spec as it may be shown; it can't be run.</summary>
    public static TaskSpec Spec(TaskSpec spec) => spec with
    {
        Argv = Words(spec.Argv),
        DockerOptions = DockerRunOptions.Read(Options(spec.DockerOptions.Words)),
        Inputs = [.. spec.Inputs.Select(Uri)],
        Resources = [.. spec.Resources.Select(Uri)],
        Output = spec.Output is { } output ? Uri(output) : null,
        Env = spec.Env.Count == 0 ? spec.Env : spec.Env.ToDictionary(e => e.Key, e => Variable(e.Key, e.Value)),
    };

    /// <summary>Any text that may hold URIs.</summary>
    public static string Text(string text)
    {
        if (text.Contains("://", StringComparison.Ordinal))
        {
            text = Key().Replace(text, Mask + "@");
            text = Password().Replace(text, "${user}:***@");
            text = UserAlone().Replace(text, Mask + "@");
        }

        return text.AsSpan().IndexOfAny('?', '&') < 0 ? text : Signature().Replace(text, "${name}=***");
    }

    /// <summary>The same, where there may be none.</summary>
    public static string? TextOrNull(string? text) => text is null ? null : Text(text);

    /// <summary>Text that may also be JSON with variables in it, whole or cut off.</summary>
    public static string Json(string text) =>
        Text(Member().Replace(text, m => IsSecret(m.Groups["name"].Value) ? $"\"{m.Groups["name"].Value}\":\"{Mask}\"" : m.Value));

    /// <summary>The value of an environment variable.</summary>
    public static string Variable(string name, string value) => IsSecret(name) ? Mask : Text(value);

    /// <summary>Whether a variable's name says that its value is a secret.</summary>
    public static bool IsSecret(string name) => SecretName().IsMatch(name);

    private static DataUri Uri(DataUri uri) => DataUri.Read(Text(uri.Text));

    private static IReadOnlyList<string> Words(IReadOnlyList<string> words) =>
        [.. words.Select(w => w.Contains("://", StringComparison.Ordinal) ? Text(w) : w)];

    /// <summary>Words of <c>docker run</c>: those that set variables hold <c>NAME=VALUE</c>.</summary>
    private static List<string> Options(IReadOnlyList<string> words) =>
        [.. words.Select(word => Assignment().Match(word) is { Success: true } set
            ? $"{set.Groups["head"].Value}{Variable(set.Groups["name"].Value, set.Groups["value"].Value)}"
            : Text(word))];

    // A key and its secret in place of the bucket. No bucket's name holds a colon; a secret may hold a slash.
    [GeneratedRegex(@"(?<=\b(s3|azure)(@[a-z0-9_]+)*://)[^/:@\s]+:\S*@")]
    private static partial Regex Key();

    // Up to the last @: a password may hold one.
    [GeneratedRegex(@"(?<=://)(?<user>[^/:@\s]*):[^/\s]*@")]
    private static partial Regex Password();

    // A user without a password is a token, mostly.
    [GeneratedRegex(@"(?<=https?(@[a-z0-9_]+)*://)[^/:@\s]+@")]
    private static partial Regex UserAlone();

    [GeneratedRegex(@"(?<=[?&])(?<name>[^=&?|/\s]*(sig|token|key|secret|pass|credential|auth)[^=&?|/\s]*)=[^&|\s]*", RegexOptions.IgnoreCase)]
    private static partial Regex Signature();

    [GeneratedRegex(
        @"passw|passphrase|secret|token|credential|api_?key|access_?key|private_?key|(^|_)(pass|pwd|keys?|auth|sas|pat|dsn|cookie)($|_)",
        RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    [GeneratedRegex(@"^(?<head>(-e|--env=|-e=)?(?<name>[A-Za-z_][A-Za-z0-9_]*)=)(?<value>.*)$", RegexOptions.Singleline)]
    private static partial Regex Assignment();

    [GeneratedRegex("""
        "(?<name>[^"\\]{1,200})"\s*:\s*"([^"\\]|\\.)*("|$)
        """)]
    private static partial Regex Member();
}
