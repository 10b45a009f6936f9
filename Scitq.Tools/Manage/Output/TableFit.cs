namespace Scitq.Tools.Manage.Output;

/// <summary>A column of a table that is to fit the screen.</summary>
/// <param name="Content">How wide its widest cell is.</param>
/// <param name="IsText">Whether a part of a cell is of use: numbers, times and states are never shortened.</param>
/// <param name="Least">The least width that a text may be cut to.</param>
internal readonly record struct FitColumn(int Content, bool IsText, string Name, string ShortName, int Least);

/// <summary>The widths of the columns, the gap between them, and whether short names head them.</summary>
internal sealed record TableFit(IReadOnlyList<int> Widths, int Gap, bool ShortNames)
{
    /// <summary>
    /// Shortens the texts, the widest first, and the names where that is not enough. On a screen that is too small for all of it only the last
    /// column is shortened, and lines are longer than the screen: a column that is missing would be worse.
    /// </summary>
    public static TableFit Of(IReadOnlyList<FitColumn> columns, int screen)
    {
        (int Gap, bool ShortNames, int LeastText)[] steps = [(2, false, 12), (2, true, 12), (1, true, 9), (1, true, 4)];
        foreach (var (gap, shortNames, least) in steps)
        {
            int[] names = [.. columns.Select(c => (shortNames ? c.ShortName : c.Name).Length)];
            int[] widths = [.. columns.Select((c, i) => Math.Max(c.Content, names[i]))];
            if (TryShorten(columns, widths, names, least, screen - gap * (columns.Count - 1))) return new TableFit(widths, gap, shortNames);
        }

        const int lastAtLeast = 12;
        return new TableFit(
            [.. columns.Select((c, i) => Math.Max(i == columns.Count - 1 ? Math.Min(c.Content, lastAtLeast) : c.Content, c.Name.Length))], 2, false);
    }

    private static bool TryShorten(IReadOnlyList<FitColumn> columns, int[] widths, int[] names, int least, int room)
    {
        while (widths.Sum() > room)
        {
            var widest = -1;
            for (var i = 0; i < widths.Length; i++)
                if (columns[i].IsText && widths[i] > Math.Max(Math.Max(least, columns[i].Least), names[i]) && (widest < 0 || widths[i] > widths[widest]))
                    widest = i;
            if (widest < 0) return false;
            widths[widest]--;
        }

        return true;
    }
}
