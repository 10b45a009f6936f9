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
            File.SetUnixFileMode(directory, ForAll);
    }

    /// <summary>Empties the files of a run; false when it finds anything else that <see cref="Create"/> has not made so.</summary>
    public bool TryClear()
    {
        foreach (var directory in (ReadOnlySpan<string>)[Input, Output, Temp, Resource])
        {
            var info = new DirectoryInfo(directory);
            if (!info.Exists || info.LinkTarget is not null || info.UnixFileMode != ForAll || info.EnumerateFileSystemInfos().Any()) return false;
        }

        var files = new DirectoryInfo(Control).GetFileSystemInfos();
        if (files.Any(f => f is not FileInfo { LinkTarget: null, Name: "stdout" or "stderr" or "started.1" or "exit.1" })) return false;
        foreach (var file in files)
        {
            // Made exclusively by each run; the others are written as they are found.
            if (file.Name == "started.1") file.Delete();
            else if (((FileInfo)file).Length > 0) File.OpenHandle(file.FullName, FileMode.Truncate, FileAccess.Write).Dispose();
        }

        return new DirectoryInfo(Root).GetFileSystemInfos().Length == 5;
    }

    private const UnixFileMode ForAll = (UnixFileMode)0b111_111_111;
}
