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
internal readonly partial record struct FileFacts(FileKind Kind, long Size, UnixFileMode Mode, DateTime Modified, DateTime Created)
{
    private const int AtCurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint WantsAll = 0xFFF, HasCreated = 0x800;

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

        if (Statx(AtCurrentDirectory, ByteName.Terminated(path), follow ? 0 : NoFollow, WantsAll, out var stat) != 0)
        {
            const int NoEntry = 2, NotADirectory = 20;
            var error = Marshal.GetLastPInvokeError();
            return error is NoEntry or NotADirectory ? default : throw LocalFiles.Fault(path, error);
        }

        var modified = Time(stat.Modified, stat.ModifiedNanoseconds);
        return new FileFacts(
            (stat.Mode & 0xF000) switch
            {
                0x8000 => FileKind.File,
                0x4000 => FileKind.Directory,
                0xA000 => FileKind.SymbolicLink,
                0x1000 => FileKind.Fifo,
                0xC000 => FileKind.Socket,
                _ => FileKind.Device,
            },
            stat.Size,
            (UnixFileMode)(stat.Mode & 0xFFF),
            modified,
            (stat.Mask & HasCreated) != 0 ? Time(stat.Created, stat.CreatedNanoseconds) : modified);
    }

    private static DateTime Time(long seconds, uint nanoseconds)
    {
        var (first, last) = (-(DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerSecond),
            ((DateTime.MaxValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerSecond) - 1);
        return DateTime.UnixEpoch.AddTicks((Math.Clamp(seconds, first, last) * TimeSpan.TicksPerSecond) + (nanoseconds / 100));
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int Statx(int directory, byte[] path, int flags, uint mask, out Stat stat);

    // struct statx is the same on every Linux architecture, unlike struct stat.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Stat
    {
        [FieldOffset(0)] public uint Mask;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(40)] public long Size;
        [FieldOffset(80)] public long Created;
        [FieldOffset(88)] public uint CreatedNanoseconds;
        [FieldOffset(112)] public long Modified;
        [FieldOffset(120)] public uint ModifiedNanoseconds;
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
