namespace Scitq.Tools.CommandLine;

/// <summary>A help page from the same table that the splitter reads; at most 100 columns.</summary>
internal static class HelpPage
{
    private const int Column = 28, Width = 100;

    public static void Write(TextWriter writer, string usage, string summary, IReadOnlyList<string> examples, IEnumerable<Option> options)
    {
        writer.WriteLine($"Usage: {usage}");
        writer.WriteLine();
        foreach (var paragraph in summary.Split('\n')) writer.WriteLine(Hang("", paragraph.TrimEnd('\r')));
        if (examples.Count > 0)
        {
            writer.WriteLine();
            writer.WriteLine("Examples:");
            foreach (var example in examples) writer.WriteLine($"  {example}");
        }

        writer.WriteLine();
        foreach (var section in options.GroupBy(o => o.Section))
        {
            writer.WriteLine($"{section.Key}:");
            foreach (var option in section)
            {
                var names = $"  {option.Names}";
                var help = option.Help + (option.Given == Given.Many ? " (repeatable)" : "");
                writer.Write(names.Length < Column ? names.PadRight(Column) : $"{names}{Environment.NewLine}{new string(' ', Column)}");
                writer.WriteLine(Hang(Column, help));
            }
        }
    }

    /// <summary>A text after a heading, each line of it below the first.</summary>
    public static string Hang(string heading, string text) => heading + Hang(heading.Length, text);

    private static string Hang(int column, string text) => string.Join($"{Environment.NewLine}{new string(' ', column)}", Wrap(text, Width - column));

    private static IEnumerable<string> Wrap(string text, int width)
    {
        while (text.Length > width)
        {
            var cut = text.LastIndexOf(' ', width);
            // What is set in columns by hand stays as it is.
            if (text.AsSpan(0, Math.Max(cut, 0)).Trim().IsEmpty) break;
            yield return text[..cut];
            text = text[(cut + 1)..];
        }

        yield return text;
    }
}
