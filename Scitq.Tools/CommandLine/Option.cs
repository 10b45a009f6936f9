namespace Scitq.Tools.CommandLine;

/// <summary>How often an option may be given.</summary>
internal enum Given
{
    /// <summary>The last one counts.</summary>
    Last,

    /// <summary>Twice is an error.</summary>
    Once,

    /// <summary>All count.</summary>
    Many,
}

/// <summary>One option: what the splitter, the help and the documentation know of it.</summary>
/// <param name="Long">The long name, without dashes; also the key to its values.</param>
/// <param name="Short">The letter, or <c>'\0'</c>.</param>
/// <param name="Value">The name of its value in the help; null for a switch.</param>
/// <param name="Help">One line.</param>
internal sealed record Option(string Long, char Short, string? Value, string Help)
{
    public Given Given { get; init; } = Given.Last;

    /// <summary>Another long name.</summary>
    public string? Alias { get; init; }

    /// <summary>The words that its value is one of, for completion.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The heading in the help.</summary>
    public string Section { get; init; } = "Options";

    /// <summary>Names as typed, for the help.</summary>
    public string Names => (Short == '\0' ? "    " : $"-{Short}, ") + $"--{Long}" + (Value is null ? "" : $" {Value}");
}
