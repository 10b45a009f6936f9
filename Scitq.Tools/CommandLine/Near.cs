namespace Scitq.Tools.CommandLine;

/// <summary>What a mistyped word may have meant.</summary>
internal static class Near
{
    /// <summary><c> (did you mean --batch?)</c>, or nothing.</summary>
    public static string DidYouMean(string typed, IEnumerable<string> known, string prefix = "")
    {
        var best = Find(typed, known);
        return best is null ? "" : $" (did you mean {prefix}{best}?)";
    }

    public static string? Find(string typed, IEnumerable<string> known)
    {
        string? best = null;
        var least = 3;
        foreach (var word in known)
        {
            var distance = typed.Length >= 2 && word.StartsWith(typed, StringComparison.Ordinal) ? 1 : Distance(typed, word);
            if (distance >= least || distance >= word.Length) continue;
            least = distance;
            best = word;
        }

        return best;
    }

    private static int Distance(string a, string b)
    {
        if (a.Length > 64) return int.MaxValue;
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
