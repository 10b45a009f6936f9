using System.Text.RegularExpressions;

namespace Scitq.Fetch.Runs;

/// <summary><c>@filter_r1</c>: leaves out the second reads of pairs, but never all there is.</summary>
internal static partial class ReadFilter
{
    public static IReadOnlyList<T> Keep<T>(IReadOnlyList<T> files, Func<T, string> name)
    {
        var kept = files.Where(f => !SecondRead().IsMatch(name(f))).ToArray();
        return kept.Length == 0 ? files : kept;
    }

    [GeneratedRegex(@"_2\.f(ast)?q(\.|$)|_R2[_.]", RegexOptions.CultureInvariant)]
    private static partial Regex SecondRead();
}
