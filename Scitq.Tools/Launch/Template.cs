using System.Text;
using System.Text.RegularExpressions;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Launch;

/// <summary>A text with <c>{COLUMN}</c> in it.</summary>
internal static partial class Template
{
    /// <summary>
    /// Puts the cells in, in one pass, so that a cell's own braces stay what they are. Braces around anything but a name stay too
    /// (<c>awk '{print $1}'</c>), as do a shell's <c>${NAME}</c> and doubled ones: <c>{{print}}</c> becomes <c>{print}</c>.
    /// </summary>
    /// <exception cref="UsageException">A name in braces is no column.</exception>
    public static string Fill(string template, string[] columns, string[] cells)
    {
        if (!template.Contains('{')) return template;
        var filled = new StringBuilder();
        for (var i = 0; i < template.Length; i++)
        {
            if (template[i] != '{')
            {
                filled.Append(template[i]);
            }
            else if (template.IndexOf('}', i) is var close and > 0 && Array.IndexOf(columns, template[(i + 1)..close]) is var column and >= 0)
            {
                filled.Append(cells[column]);
                i = close;
            }
            else if (Doubled().Match(template, i) is { Success: true } literal)
            {
                filled.Append(literal.ValueSpan[1..^1]);
                i += literal.Length - 1;
            }
            else if (Named().Match(template, i) is { Success: true } unknown && (i == 0 || template[i - 1] != '$'))
            {
                throw new UsageException(
                    $"there is no column '{unknown.Value[1..^1]}' for {unknown.Value}{Near.DidYouMean(unknown.Value[1..^1], columns)}",
                    $"Columns: {string.Join(' ', columns)}. Braces that are meant as such are doubled: {{{unknown.Value}}}");
            }
            else
            {
                filled.Append('{');
            }
        }

        return filled.ToString();
    }

    [GeneratedRegex(@"\G\{[A-Za-z_][A-Za-z0-9_.-]*\}")]
    private static partial Regex Named();

    [GeneratedRegex(@"\G\{\{[A-Za-z_][A-Za-z0-9_.-]*\}\}")]
    private static partial Regex Doubled();
}
