using System.Globalization;
using System.Runtime.InteropServices;

namespace Scitq.Fetch.Local;

/// <summary>
/// Linux's calls that work below an open directory: no path is too long for them, names are bytes, and nobody can exchange
/// a directory on the way for a link. Numbers are those of x86-64 and arm64.
/// </summary>
internal static unsafe partial class Descriptors
{
    public const int AtCurrentDirectory = -100;
    public const int NotPermitted = 1, NoEntry = 2, AccessDenied = 13, Busy = 16, Exists = 17, NotADirectory = 20, IsADirectory = 21, TooDeep = 36;
    public const int NotEmpty = 39, TooManyLinks = 40;
    public const int ReadOnly = 0, NonBlocking = 0x800, CloseOnExec = 0x80000, PathOnly = 0x200000;
    public const int RemoveDirectory = 0x200;
    public const uint Immutable = 0x10, AppendOnly = 0x20;

    private const int Detach = 2;

    // FS_IOC_GETFLAGS and FS_IOC_SETFLAGS: declared with long, but the kernel moves an int.
    private const nuint GetFlags = 0x80086601, SetFlags = 0x40086602;

    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static int OnlyDirectories { get; } = Arm ? 0x4000 : 0x10000;

    public static int NoFollow { get; } = Arm ? 0x8000 : 0x20000;

    /// <summary>The facts about a file: its kind and permissions, flags, size and the mount it was reached through.</summary>
    public readonly record struct Facts(FileKind Kind, int Mode, ulong Flags, uint Owner, long Size, ulong Mount)
    {
        public bool IsDirectory => Kind == FileKind.Directory;

        public bool IsFile => Kind == FileKind.File;

        public bool IsProtected => (Flags & (Immutable | AppendOnly)) != 0;
    }

    /// <summary>Of the open file, or of a name in the open directory (a link is a link); null with the error.</summary>
    public static Facts? FactsOf(int fd, byte* name, out int error)
    {
        error = 0;
        if (!(name is null ? FileStat.TryOf(fd, out var stat) : FileStat.TryOf(fd, name, out stat)))
        {
            error = Marshal.GetLastPInvokeError();
            return null;
        }

        // Linux before 5.8 tells the mount elsewhere, and only of what is open.
        return new Facts(stat.Kind, stat.Mode, stat.Flags, stat.Uid, stat.Size, stat.Mount ?? (name is null ? MountFromProc(fd) : 0));
    }

    /// <summary>Which mount the open file or directory was reached through; null when that can't be told.</summary>
    public static ulong? MountOf(int fd) => FactsOf(fd, null, out _)?.Mount;

    /// <summary>The path through which the kernel reaches what is open, whatever lies or moves around it.</summary>
    public static string PathOf(int fd) => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{fd}");

    /// <summary>Takes away what is mounted on what is open; false when refused.</summary>
    public static bool Unmount(int fd) => Umount2(PathOf(fd), Detach) == 0;

    /// <summary>Takes the immutable and append-only flags off a file or directory opened to be read; false when refused.</summary>
    public static bool Unprotect(int fd)
    {
        var flags = 0;
        return Ioctl(fd, GetFlags, &flags) == 0 && (flags & (int)(Immutable | AppendOnly)) is not 0 && Clear(flags & ~(int)(Immutable | AppendOnly));

        bool Clear(int less) => Ioctl(fd, SetFlags, &less) == 0;
    }

    public static string Message(int error) => Marshal.GetPInvokeErrorMessage(error);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    public static partial int OpenAt(int directory, byte* name, int flags, uint mode = 0);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenAt(int directory, string name, int flags, uint mode = 0);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
    public static partial int UnlinkAt(int directory, byte* name, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true)]
    public static partial int RenameAt(int from, byte* name, int to, byte* newName);

    [LibraryImport("libc", EntryPoint = "getdents64", SetLastError = true)]
    public static partial nint ReadEntries(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(int fd, long offset, int from);

    [LibraryImport("libc", EntryPoint = "chmod", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeMode(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int fd);

    private static ulong MountFromProc(int fd)
    {
        const string field = "mnt_id:";
        foreach (var line in File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{fd}")))
            if (line.StartsWith(field, StringComparison.Ordinal)) return ulong.Parse(line.AsSpan(field.Length).Trim(), CultureInfo.InvariantCulture);
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Umount2(string target, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(int fd, nuint request, int* value);
}
