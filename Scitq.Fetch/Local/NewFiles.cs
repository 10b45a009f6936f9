namespace Scitq.Fetch.Local;

/// <summary>Makes files and folders as open as they are to be where the process's own umask is stricter.</summary>
internal static class NewFiles
{
    /// <summary>Makes the folder and what is missing above it.</summary>
    public static void MakeFolder(string folder, int? umask)
    {
        if (umask is not { } closed || OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        if (Directory.Exists(folder)) return;
        if (Path.GetDirectoryName(folder) is { } above) MakeFolder(above, umask);
        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, (UnixFileMode)(0b111_111_111 & ~closed));
    }

    /// <summary>Gives a new file its mode.</summary>
    public static void Open(FileStream file, int? umask)
    {
        if (umask is { } closed && !OperatingSystem.IsWindows()) File.SetUnixFileMode(file.SafeFileHandle, (UnixFileMode)(0b110_110_110 & ~closed));
    }
}
