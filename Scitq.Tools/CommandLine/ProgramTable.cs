namespace Scitq.Tools.CommandLine;

/// <summary>All of one program that help, completion and manual pages read.</summary>
/// <param name="Name">As it is called.</param>
/// <param name="Usage">The line after <c>Usage:</c>.</param>
/// <param name="Summary">One line.</param>
/// <param name="Options">Those that stand everywhere.</param>
internal sealed record ProgramTable(string Name, string Usage, string Summary, IReadOnlyList<Option> Options)
{
    /// <summary>What more there is to say, as lines of at most 100 characters.</summary>
    public string Text { get; init; } = "";

    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>What it can do; empty where it does one thing.</summary>
    public IReadOnlyList<SubCommand> Commands { get; init; } = [];
}

/// <summary>One thing that a program can do.</summary>
/// <param name="Words">What it is called by, after the program: <c>task list</c>, or <c>copy</c>.</param>
/// <param name="Summary">One line.</param>
/// <param name="Operands">How the help shows what may follow; empty when nothing may.</param>
/// <param name="Options">Beside the program's.</param>
/// <param name="Examples">Each works as written.</param>
internal sealed record SubCommand(
    IReadOnlyList<string> Words, string Summary, string Operands, IReadOnlyList<Option> Options, IReadOnlyList<string> Examples)
{
    /// <summary>Another name of the last word.</summary>
    public string? Alias { get; init; }

    /// <summary>The words that an operand is one of, for completion.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The object it acts on, where the program has objects.</summary>
    public string Object => Words.Count > 1 ? Words[0] : "";

    public bool Is(IReadOnlyList<string> words) =>
        words.Count == Words.Count && words.SkipLast(1).SequenceEqual(Words.SkipLast(1)) && (words[^1] == Words[^1] || words[^1] == Alias);
}
