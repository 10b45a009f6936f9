using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;

namespace Scitq.Coordinator.Tasks;

/// <summary>
/// A substitution in the words of a command, as <c>sed</c> writes them: <c>s/PATTERN/TEXT/</c>, with <c>g</c> for all matches instead of the first one
/// in the command, and <c>i</c> for either case. In TEXT <c>&amp;</c> is what matched and <c>\1</c> its first group. The pattern is one that takes
/// linear time, whatever it is.
/// </summary>
internal sealed class Substitution
{
    private readonly Regex _pattern;
    private readonly string _text;
    private readonly bool _all;

    private Substitution(Regex pattern, string text, bool all) => (_pattern, _text, _all) = (pattern, text, all);

    public static bool TryParse(string given, [NotNullWhen(true)] out Substitution? substitution, [NotNullWhen(false)] out string? problem)
    {
        (substitution, problem) = (null, null);
        var parts = Parts(given);
        if (parts is not [var pattern, var text, var flags])
        {
            problem = "is not of the form s/PATTERN/TEXT/, with g or i after it";
        }
        else if (pattern.Length == 0 || flags.Any(f => f is not ('g' or 'i')))
        {
            problem = pattern.Length == 0 ? "has an empty pattern" : $"has the flags '{flags}'; there are g and i";
        }
        else
        {
            try
            {
                var options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | (flags.Contains('i') ? RegexOptions.IgnoreCase : 0);
                substitution = new Substitution(new Regex(pattern, options), text, flags.Contains('g'));
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                problem = $"has a pattern that can't be used: {e.Message}";
            }
        }

        return substitution is not null;
    }

    /// <summary>The words with what matched replaced.</summary>
    public IReadOnlyList<string> Apply(IReadOnlyList<string> words)
    {
        var done = false;
        return [.. words.Select(word =>
        {
            if (done || !_pattern.IsMatch(word)) return word;
            done = !_all;
            return _pattern.Replace(word, Fill, _all ? -1 : 1);
        })];
    }

    /// <summary>What stands between the delimiters, any character; one that is escaped stands for itself.</summary>
    private static List<string>? Parts(string given)
    {
        if (given.Length < 4 || given[0] != 's' || given[1] is '\\' or '\n') return null;
        var parts = new List<string>();
        var part = new StringBuilder();
        for (var i = 2; i < given.Length; i++)
        {
            if (given[i] == given[1])
            {
                parts.Add(part.ToString());
                part.Clear();
                continue;
            }

            if (given[i] == '\\' && i + 1 < given.Length && given[++i] != given[1]) part.Append('\\');
            part.Append(given[i]);
        }

        parts.Add(part.ToString());
        return parts;
    }

    private string Fill(Match match)
    {
        var filled = new StringBuilder();
        for (var i = 0; i < _text.Length; i++)
        {
            if (_text[i] == '&') filled.Append(match.Value);
            else if (_text[i] != '\\' || i + 1 == _text.Length) filled.Append(_text[i]);
            else if (char.IsAsciiDigit(_text[++i])) filled.Append(match.Groups[_text[i] - '0'].Value);
            else filled.Append(_text[i] switch { 'n' => '\n', 't' => '\t', var other => other });
        }

        return filled.ToString();
    }
}
