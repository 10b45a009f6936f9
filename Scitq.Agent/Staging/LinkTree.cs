using System.Runtime.InteropServices;

namespace Scitq.Agent.Staging;

/// <summary>The same files in another directory, without copying them.</summary>
internal static class LinkTree
{
    private const UnixFileMode SetIds = UnixFileMode.SetUser | UnixFileMode.SetGroup;

    /// <summary>What is there under the same name gives way, but directories are merged.</summary>
    public static void Make(string from, string to, CancellationToken ct)
    {
        // Read by whoever the task runs as: the attempt's own directory above is closed.
        if (!Directory.Exists(to))
        {
            Directory.CreateDirectory(to);
            File.SetUnixFileMode(to, (UnixFileMode)0b111_101_101);
        }

        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            ct.ThrowIfCancellationRequested();
            var target = Path.Combine(to, entry.Name);
            if (entry.LinkTarget is null && entry is FileInfo && (entry.UnixFileMode & SetIds) != 0)
            {
                // A task has reached the file by a link and made it a program with the agent's rights.
                entry.UnixFileMode &= ~SetIds;
            }

            var isDirectory = entry is DirectoryInfo && entry.LinkTarget is null;
            GiveWay(new DirectoryInfo(target), isDirectory);
            if (entry.LinkTarget is { } link) File.CreateSymbolicLink(target, link);
            else if (isDirectory) Make(entry.FullName, target, ct);
            // Another file system, or one without links: a copy does as well.
            else if (HardLink(entry.FullName, target) != 0) File.Copy(entry.FullName, target, overwrite: true);
        }
    }

    private static void GiveWay(DirectoryInfo there, bool toDirectory)
    {
        if (there.LinkTarget is not null || File.Exists(there.FullName)) File.Delete(there.FullName);
        else if (!toDirectory && there.Exists) there.Delete(recursive: true);
    }

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int HardLink([MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);
}
