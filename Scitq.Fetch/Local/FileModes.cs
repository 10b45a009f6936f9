using Microsoft.Win32.SafeHandles;

namespace Scitq.Fetch.Local;

/// <summary>
/// Which accounts may read, write and execute a file. Set-uid, set-gid and sticky bits are not carried: they are rights of where the file was.
/// </summary>
internal static class FileModes
{
    private const UnixFileMode Carried = (UnixFileMode)0b111_111_111;

    public static UnixFileMode? Of(FileStream file) => OperatingSystem.IsWindows() ? null : File.GetUnixFileMode(file.SafeFileHandle) & Carried;

    public static UnixFileMode? Of(FileSystemInfo file) => OperatingSystem.IsWindows() ? null : file.UnixFileMode & Carried;

    public static UnixFileMode? Of(FileFacts file) => OperatingSystem.IsWindows() ? null : file.Mode & Carried;

    /// <summary>Gives a file that was just made the mode of its source.</summary>
    public static void Set(SafeFileHandle file, UnixFileMode? mode)
    {
        if (mode is { } known && !OperatingSystem.IsWindows()) File.SetUnixFileMode(file, known & Carried);
    }
}
