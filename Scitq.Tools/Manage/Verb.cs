using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Manage;

/// <summary>One thing scitq-manage can do: dispatch, splitter and help read the same row.</summary>
/// <param name="Object">The kind of thing that it acts on, e.g. <c>task</c>.</param>
/// <param name="Name">Its name, e.g. <c>list</c>; empty where the object is all there is to say, e.g. <c>top</c>.</param>
/// <param name="Summary">One line.</param>
/// <param name="Operands">How the help shows what may follow; empty when nothing may.</param>
/// <param name="Options">Beside the global ones.</param>
/// <param name="Examples">For the help; each works as written.</param>
/// <param name="Run">Does it.</param>
internal sealed record Verb(
    string Object, string Name, string Summary, string Operands,
    IReadOnlyList<Option> Options, IReadOnlyList<string> Examples, Func<ManageContext, Task<int>> Run)
{
    /// <summary>Another name.</summary>
    public string? Alias { get; init; }

    /// <summary>The words that an operand is one of, for completion.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>What it is called by.</summary>
    public IEnumerable<string> Words => Name.Length > 0 ? [Object, Name] : [Object];

    /// <summary>What its last word may be.</summary>
    public IEnumerable<string> Names => Alias is null ? [Name] : [Name, Alias];

    public bool Is(string name) => name.Length > 0 && (Name == name || Alias == name);
}
