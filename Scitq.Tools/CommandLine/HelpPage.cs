namespace Scitq.Tools.CommandLine;

/// <summary>A help page from the same table that the splitter reads; at most 100 columns.</summary>
internal static class HelpPage
{
    private const int Column = 28, Width = 100;

    public static void Write(TextWriter writer, string usage, string summary, IReadOnlyList<string> examples, IEnumerable<Option> options)
    {
        writer.WriteLine($"Usage: {usage}");
        writer.WriteLine();
        writer.WriteLine(summary);
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
                writer.WriteLine(string.Join($"{Environment.NewLine}{new string(' ', Column)}", Wrap(help)));
            }
        }
    }

    private static IEnumerable<string> Wrap(string text)
    {
        while (text.Length > Width - Column)
        {
            var cut = text.LastIndexOf(' ', Width - Column);
            if (cut <= 0) break;
            yield return text[..cut];
            text = text[(cut + 1)..];
        }

        yield return text;
    }
}
