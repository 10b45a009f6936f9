namespace Scitq.Tools.Completion;

/// <summary>What may stand at a place of a command line.</summary>
internal enum Kind
{
    Nothing,
    Words,
    Files,
    Programs,
    Batches,
    Workers,
    WorkerNumbers,
    Tasks,
}

/// <summary>A word that may stand there, and what it means.</summary>
internal readonly record struct Candidate(string Word, string Help = "");

/// <summary>What may stand where the cursor is.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Typed">What is there of it.</param>
/// <param name="Before">What stands before it in the same word: <c>--batch=</c>.</param>
internal sealed record Expected(Kind Kind, string Typed, string Before = "")
{
    public IReadOnlyList<Candidate> Words { get; init; } = [];
}
