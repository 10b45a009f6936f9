using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Scitq.Fetch.Local;

/// <summary>What a directory entry is. .NET does not tell a FIFO from a file, and opening a FIFO waits for ever.</summary>
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

internal static partial class FileKinds
{
    private const int AtCurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint WantsType = 0x1;

    /// <summary>What is at this path itself, a link is a link; or, followed, where it leads to.</summary>
    public static FileKind Of(string path, bool follow = false)
    {
        if (!OperatingSystem.IsLinux())
        {
            var info = new FileInfo(path);
            return info.LinkTarget is not null && !follow ? FileKind.SymbolicLink
                : Directory.Exists(path) ? FileKind.Directory
                : info.Exists ? FileKind.File
                : FileKind.Missing;
        }

        if (Statx(AtCurrentDirectory, path, follow ? 0 : NoFollow, WantsType, out var stat) != 0)
        {
            const int NoEntry = 2, NotADirectory = 20;
            var error = Marshal.GetLastPInvokeError();
            return error is NoEntry or NotADirectory ? FileKind.Missing : throw new IOException(new Win32Exception(error).Message, error);
        }

        return (stat.Mode & 0xF000) switch
        {
            0x8000 => FileKind.File,
            0x4000 => FileKind.Directory,
            0xA000 => FileKind.SymbolicLink,
            0x1000 => FileKind.Fifo,
            0xC000 => FileKind.Socket,
            _ => FileKind.Device,
        };
    }

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

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, out Stat stat);

    // struct statx is the same on every Linux architecture, unlike struct stat: 256 bytes, stx_mode at 28.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Stat
    {
        [FieldOffset(28)] public ushort Mode;
    }
}
