namespace Scitq.Contracts;

/// <summary>Finds the name that a mistyped one may have meant.</summary>
public static class NearestName
{
    private const int Longest = 64;

    /// <summary>The known name that is nearest to what was typed; null when none is near. Case, dashes and underscores make no difference.</summary>
    public static string? Of(string typed, IEnumerable<string> known)
    {
        var asked = Plain(typed);
        if (asked.Length is 0 or > Longest) return null;
        string? best = null;
        var least = Math.Max(2, (asked.Length + 2) / 3) + 1;
        foreach (var name in known)
        {
            var plain = Plain(name);
            var distance = plain == asked ? 0
                : asked.Length >= 2 && (plain.StartsWith(asked, StringComparison.Ordinal) || name.Split('_', '-').Contains(asked)) ? 1
                : Distance(asked, plain);
            if (distance >= least || distance >= plain.Length) continue;
            least = distance;
            best = name;
        }

        return best;
    }

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = row[j];
                row[j] = cost;
            }
        }

        return row[^1];
    }
}
