using System.Runtime.InteropServices;

namespace Scitq.Fetch.Local;

/// <summary>The kind of a directory entry. .NET does not tell a FIFO from a file, and opening a FIFO waits for ever.</summary>
internal enum FileKind
{
    Missing,
    File,
    Directory,
    SymbolicLink,
    Fifo,
    Device,
    Socket,
}

/// <summary>The facts that one look at a path gives.</summary>
internal readonly record struct FileFacts(FileKind Kind, long Size, UnixFileMode Mode, DateTime Modified, DateTime Created)
{
    /// <summary>Looks at the path itself, where a link is a link; or, followed, at the thing a link leads to.</summary>
    public static FileFacts Of(string path, bool follow = false)
    {
        if (!OperatingSystem.IsLinux())
        {
            var info = new FileInfo(path);
            var kind = info.LinkTarget is not null && !follow ? FileKind.SymbolicLink
                : Directory.Exists(path) ? FileKind.Directory
                : info.Exists ? FileKind.File
                : FileKind.Missing;
            var mode = OperatingSystem.IsWindows() || kind == FileKind.Missing ? 0 : info.UnixFileMode;
            return new FileFacts(kind, kind == FileKind.File ? info.Length : 0, mode, info.LastWriteTimeUtc, info.CreationTimeUtc);
        }

        if (FileStat.TryOf(path, follow, out var stat)) return new FileFacts(stat.Kind, stat.Size, (UnixFileMode)stat.Mode, stat.Modified, stat.Created);
        const int NoEntry = 2, NotADirectory = 20;
        var error = Marshal.GetLastPInvokeError();
        return error is NoEntry or NotADirectory ? default : throw LocalFiles.Fault(path, error);
    }
}

internal static class FileKinds
{
    /// <summary>Looks at the path itself, where a link is a link; or, followed, at the thing a link leads to.</summary>
    public static FileKind Of(string path, bool follow = false) => FileFacts.Of(path, follow).Kind;

    public static string InWords(this FileKind kind) => kind switch
    {
        FileKind.SymbolicLink => "a symbolic link",
        FileKind.Fifo => "a FIFO",
        FileKind.Device => "a device",
        FileKind.Socket => "a socket",
        FileKind.Directory => "a directory",
        FileKind.File => "a file",
        _ => "missing",
    };
}
