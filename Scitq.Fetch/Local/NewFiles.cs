namespace Scitq.Fetch.Local;

/// <summary>Makes files and folders as open as they are to be where the process's own umask is stricter.</summary>
internal static class NewFiles
{
    /// <summary>Makes the folder and what is missing above it.</summary>
    public static void MakeFolder(string folder, int? umask)
    {
        if (umask is not { } closed || OperatingSystem.IsWindows())
        {
            LocalFiles.MakeDirectory(folder);
            return;
        }

        if (FileKinds.Of(folder, follow: true) == FileKind.Directory) return;
        if (Path.GetDirectoryName(folder) is { } above) MakeFolder(above, umask);
        LocalFiles.MakeDirectory(folder);
        LocalFiles.SetMode(folder, (UnixFileMode)(0b111_111_111 & ~closed));
    }

    /// <summary>Gives a new file its mode.</summary>
    public static void Open(FileStream file, int? umask)
    {
        if (umask is { } closed && !OperatingSystem.IsWindows()) File.SetUnixFileMode(file.SafeFileHandle, (UnixFileMode)(0b110_110_110 & ~closed));
    }
}
