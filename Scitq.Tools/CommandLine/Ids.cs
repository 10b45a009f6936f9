using System.Globalization;
using System.Text;
using Scitq.Contracts;

namespace Scitq.Tools.CommandLine;

/// <summary>Tasks as people name them: <c>12</c>, <c>15-20</c>, <c>1,3,5-8</c>, a GUID.</summary>
internal static class Ids
{
    private const int MaxRange = 100_000;

    /// <summary>Reads one argument; false when it is none of these forms (it may be a name).</summary>
    public static bool TryParse(string text, List<string> ids)
    {
        var found = new List<string>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (TaskId.TryParse(part, out var id))
            {
                found.Add(id.ToString());
                continue;
            }

            var dash = part.IndexOf('-', StringComparison.Ordinal);
            if (dash <= 0
                || !long.TryParse(part.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                || !long.TryParse(part.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var last))
                return false;
            if (first < 1 || last < first) throw new UsageException($"'{part}' is not a range of task ids like 15-20");
            if (last - first >= MaxRange)
                throw new UsageException($"the range '{part}' holds more than {MaxRange} ids; use a filter instead (-b, -S, -w, --class)");
            for (var n = first; n <= last; n++) found.Add(n.ToString(CultureInfo.InvariantCulture));
        }

        ids.AddRange(found);
        return found.Count > 0;
    }

    /// <summary>Numbers in order of rising, short: <c>14 31 102-105</c>.</summary>
    public static string Show(IEnumerable<long> numbers)
    {
        var text = new StringBuilder();
        long start = 0, end = 0;
        foreach (var number in numbers)
        {
            if (text.Length > 0 && number == end + 1)
            {
                end = number;
                continue;
            }

            Close();
            if (text.Length > 0) text.Append(' ');
            text.Append(CultureInfo.InvariantCulture, $"{number}");
            start = end = number;
        }

        Close();
        return text.ToString();

        void Close()
        {
            if (end > start) text.Append(CultureInfo.InvariantCulture, $"-{end}");
        }
    }
}
