using System.Text;
using System.Text.RegularExpressions;

namespace Scitq.Fetch;

/// <summary>
/// Chooses names by globs, as rclone does: a pattern without a slash is held against the last component at any depth, one with a slash against the
/// whole relative name (a leading slash is the folder itself); <c>*</c> and <c>?</c> stay within a component, <c>**</c> does not; <c>[a-z]</c>, <c>{a,b}</c>
/// and <c>\</c> work. Excludes go first; with includes, only what one of them matches is taken.
/// </summary>
public sealed class NameFilter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private readonly Regex[] _includes, _excludes;

    /// <summary>Takes everything but what <paramref name="excludes"/> match; with <paramref name="includes"/>, only what those match.</summary>
    /// <exception cref="BadUriException">A pattern is malformed.</exception>
    public NameFilter(IEnumerable<string>? includes = null, IEnumerable<string>? excludes = null) =>
        (_includes, _excludes) = ([.. (includes ?? []).Select(Compile)], [.. (excludes ?? []).Select(Compile)]);

    /// <summary>Takes everything.</summary>
    public static NameFilter All { get; } = new();

    /// <summary>Whether a relative name is taken.</summary>
    public bool Takes(string name) => !_excludes.Any(e => e.IsMatch(name)) && (_includes.Length == 0 || _includes.Any(i => i.IsMatch(name)));

    private static Regex Compile(string glob)
    {
        var text = new StringBuilder(glob.StartsWith('/') ? "^" : "(^|/)");
        var braces = 0;
        for (var i = glob.StartsWith('/') ? 1 : 0; i < glob.Length; i++)
        {
            switch (glob[i])
            {
                case '*' when i + 1 < glob.Length && glob[i + 1] == '*':
                    text.Append(".*");
                    i++;
                    break;
                case '*':
                    text.Append("[^/]*");
                    break;
                case '?':
                    text.Append("[^/]");
                    break;
                case '[' when glob.IndexOf(']', i + 2 < glob.Length ? i + 2 : i) is > 0 and var end:
                    var inside = glob[(i + 1)..end].Replace("\\", "\\\\", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal);
                    text.Append('[').Append(inside.StartsWith('!') ? "^" + inside[1..] : inside).Append(']');
                    i = end;
                    break;
                case '{':
                    text.Append("(?:");
                    braces++;
                    break;
                case '}' when braces > 0:
                    text.Append(')');
                    braces--;
                    break;
                case ',' when braces > 0:
                    text.Append('|');
                    break;
                case '\\' when i + 1 < glob.Length:
                    text.Append(Regex.Escape(glob[++i].ToString()));
                    break;
                case var c:
                    text.Append(Regex.Escape(c.ToString()));
                    break;
            }
        }

        if (glob.Length == 0 || braces > 0) throw new BadUriException($"The pattern '{glob}' is {(glob.Length == 0 ? "empty" : "missing a '}'")}.");
        try
        {
            return new Regex(text.Append("$(?!\n)").ToString(), RegexOptions.Singleline | RegexOptions.CultureInvariant, Patience);
        }
        catch (ArgumentException e)
        {
            throw new BadUriException($"The pattern '{glob}' is malformed: {e.Message}", e);
        }
    }
}
