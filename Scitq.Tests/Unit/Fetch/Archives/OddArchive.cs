namespace Scitq.Tests.Unit.Fetch.Archives;

/// <summary>An archive as some program, or some enemy, may have made it.</summary>
/// <param name="Name">What is odd about it.</param>
/// <param name="Extension">tar, tar.gz, zip…</param>
/// <param name="Bytes">The file.</param>
/// <param name="Outcome">What unpacking it has to end in.</param>
public sealed record OddArchive(string Name, string Extension, byte[] Bytes, Outcome Outcome)
{
    public string Action => Extension switch { "zip" => "unzip", "gz" => "gunzip", _ => "untar" };

    public override string ToString() => $"{Name} ({Extension})";
}

public enum Outcome
{
    /// <summary>The tree that other programs make.</summary>
    Same,

    /// <summary>That tree, or a refusal by name.</summary>
    SameOrRefused,

    /// <summary>A refusal, whatever others make of it.</summary>
    Refused,
}
