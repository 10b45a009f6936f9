using System.Text;

namespace Scitq.Contracts;

/// <summary>POSIX shell words without expansion: splitting for options typed as one string, quoting for display.</summary>
public static class ShellWords
{
    /// <summary>Splits as a POSIX shell would, expanding nothing. False with a reason on an unfinished quote or escape.</summary>
    public static bool TrySplit(string text, out IReadOnlyList<string> words, out string? problem)
    {
        var result = new List<string>();
        words = result;
        problem = null;
        var word = new StringBuilder();
        var open = false;                                   // a word has begun, though it may still be empty ('')
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            switch (c)
            {
                case ' ' or '\t' or '\n':
                    if (open) result.Add(word.ToString());
                    word.Clear();
                    open = false;
                    break;
                case '\\':
                    if (++i == text.Length) return Fail("ends with a lone backslash", out problem);
                    if (text[i] != '\n') { word.Append(text[i]); open = true; }
                    break;
                case '\'':
                    var close = text.IndexOf('\'', i + 1);
                    if (close < 0) return Fail("has an unclosed single quote", out problem);
                    word.Append(text, i + 1, close - i - 1);
                    open = true;
                    i = close;
                    break;
                case '"':
                    open = true;
                    for (i++; ; i++)
                    {
                        if (i >= text.Length) return Fail("has an unclosed double quote", out problem);
                        if (text[i] == '"') break;
                        if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is '"' or '\\' or '$' or '`' && text[i] == '\\') i++;
                        word.Append(text[i]);
                    }

                    break;
                default:
                    word.Append(c);
                    open = true;
                    break;
            }
        }

        if (open) result.Add(word.ToString());
        return true;
    }

    /// <summary>One line that a POSIX shell would split into exactly these words.</summary>
    public static string Join(IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    /// <summary>
    /// The same without a backslash that is in no word: tab-separated lists double each, and what they show could not be typed any more.
    /// </summary>
    public static string JoinForLists(IEnumerable<string> words) =>
        string.Join(' ', words.Select(word => !word.Contains('\'') ? Quote(word)
            : word.AsSpan().IndexOfAny("\"$`\\!") < 0 ? $"\"{word}\""
            : "'" + word.Replace("'", "'\"'\"'", StringComparison.Ordinal) + "'"));

    /// <summary>The word as it must be typed in a POSIX shell; unchanged when it needs no quotes.</summary>
    public static string Quote(string word)
    {
        if (word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "_-./:=@%+,".Contains(c, StringComparison.Ordinal))) return word;
        return "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
    }

    private static bool Fail(string why, out string? problem)
    {
        problem = why;
        return false;
    }
}
