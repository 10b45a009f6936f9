namespace Scitq.Tools.CommandLine;

/// <summary>A command line taken apart: options by long name, and the rest.</summary>
internal sealed class ParsedLine
{
    private readonly Dictionary<string, List<string>> _values = [];

    public IReadOnlyList<string> Operands { get; set; } = [];

    /// <summary>Those of them that stand after <c>--</c>.</summary>
    public IReadOnlyList<string> AfterEnd { get; set; } = [];

    /// <summary>Those that stand before it.</summary>
    public IEnumerable<string> BeforeEnd => Operands.Take(Operands.Count - AfterEnd.Count);

    /// <summary>Whether <c>--</c> ended the options.</summary>
    public bool Ended { get; set; }

    public bool Help => Has("help");

    public bool Version => Has("version");

    public bool Has(string option) => _values.ContainsKey(option);

    public IReadOnlyList<string> All(string option) => _values.TryGetValue(option, out var values) ? values : [];

    /// <summary>The last value given, or null.</summary>
    public string? Value(string option) => _values.TryGetValue(option, out var values) ? values[^1] : null;

    public void Add(string option, string value)
    {
        if (_values.TryGetValue(option, out var values)) values.Add(value);
        else _values[option] = [value];
    }

    /// <summary>Takes over what was given before the verb.</summary>
    public void AddFrom(ParsedLine other)
    {
        foreach (var (option, values) in other._values)
            foreach (var value in values) Add(option, value);
    }
}
