namespace Scitq.Agent.Runtimes;

/// <summary>The directories and files of one attempt, below <c>--work-dir</c>.</summary>
internal sealed record WorkDirectory(string Root)
{
    public string Input => Path.Combine(Root, "input");

    public string Output => Path.Combine(Root, "output");

    public string Temp => Path.Combine(Root, "tmp");

    public string Resource => Path.Combine(Root, "resource");

    /// <summary>The agent's own files about the attempt; the command has no business there.</summary>
    public string Control => Path.Combine(Root, "control");

    public string Stdout => Path.Combine(Control, "stdout");

    public string Stderr => Path.Combine(Control, "stderr");

    /// <summary>Makes all directories.</summary>
    public void Create()
    {
        foreach (var directory in (ReadOnlySpan<string>)[Input, Output, Temp, Resource, Control])
            Directory.CreateDirectory(directory);
        // Containers and -u run under ids of their own.
        foreach (var directory in (ReadOnlySpan<string>)[Input, Output, Temp, Resource])
            File.SetUnixFileMode(directory, (UnixFileMode)0b111_111_111);
    }
}
