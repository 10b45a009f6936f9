using System.ComponentModel;
using System.Runtime.InteropServices;
using Scitq.Fetch.Local;

namespace Scitq.Agent.Files;

/// <summary>Files by descriptor and name in bytes: what others may have put there is looked at and changed without following a link.</summary>
internal static unsafe partial class Unix
{
    public const int CurrentDirectory = -100;
    public const int NoEntry = 2, NoData = 61, NotSupported = 95;

    // Of the C library's headers; those of open differ between x86-64 and arm64.
    private const int NoFollowAt = 0x100, EmptyPath = 0x1000, PathOnly = 0x200000, CloseOnExec = 0x80000;
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
    private static readonly int Directory = Arm ? 0x4000 : 0x10000, NoFollow = Arm ? 0x8000 : 0x20000;

    /// <summary>The facts of the entry with this name, never of where a link leads; null when there is none.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static FileStat? Stat(int directory, ReadOnlySpan<byte> name, bool ofDescriptor = false)
    {
        fixed (byte* at = Terminated(name))
            if (ofDescriptor ? FileStat.TryOf(directory, out var stat) : FileStat.TryOf(directory, at, out stat)) return stat;
        return Marshal.GetLastPInvokeError() == NoEntry ? null : throw Failure("looked at", name);
    }

    /// <inheritdoc cref="Stat(int, ReadOnlySpan{byte}, bool)"/>
    public static FileStat? Stat(string path) => Stat(CurrentDirectory, Bytes(path));

    /// <summary>A descriptor of a directory, never of where a link leads.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static int OpenDirectory(int directory, ReadOnlySpan<byte> name) => Open(directory, name, Directory | NoFollow | CloseOnExec);

    /// <summary>A descriptor that only stands for the file, to be used with <see cref="Anchor"/>.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static int OpenPath(int directory, ReadOnlySpan<byte> name) => Open(directory, name, PathOnly | NoFollow | CloseOnExec);

    /// <summary>A path that means what the descriptor does, whatever has become of its name.</summary>
    public static byte[] Anchor(int fd) => Bytes($"/proc/self/fd/{fd}");

    /// <summary>The names in a directory, a buffer at a time.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static List<byte[]> Names(int directory)
    {
        var names = new List<byte[]>();
        var buffer = new byte[32 * 1024];
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var length = getdents64(directory, start, buffer.Length);
                if (length < 0) throw Failure("listed", "a directory"u8);
                if (length == 0) return names;
                // struct linux_dirent64: 8 bytes inode, 8 bytes offset, 2 bytes length of the record, 1 byte type, the name.
                for (nint at = 0; at < length; at += *(ushort*)(start + at + 16))
                {
                    var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(start + at + 19);
                    if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8)) names.Add(name.ToArray());
                }
            }
        }
    }

    /// <exception cref="IOException">The kernel refused.</exception>
    public static void SetMode(int fd, int mode)
    {
        // By way of /proc, for a descriptor that only stands for a file.
        fixed (byte* at = Terminated(Anchor(fd)))
            if (chmod(at, (uint)mode) != 0) throw Failure("given another mode", "a file"u8);
    }

    /// <exception cref="IOException">The kernel refused.</exception>
    public static void SetOwner(int fd, uint uid, uint gid)
    {
        byte none = 0;
        if (fchownat(fd, &none, uid, gid, EmptyPath) != 0) throw Failure("given another owner", "a file"u8);
    }

    /// <exception cref="IOException">The kernel refused.</exception>
    public static void SetOwner(int directory, ReadOnlySpan<byte> name, uint uid, uint gid)
    {
        fixed (byte* at = Terminated(name))
            if (fchownat(directory, at, uid, gid, NoFollowAt) != 0) throw Failure("given another owner", name);
    }

    /// <exception cref="IOException">The kernel refused.</exception>
    public static void Remove(int directory, ReadOnlySpan<byte> name)
    {
        fixed (byte* at = Terminated(name))
            if (unlinkat(directory, at, 0) != 0 && Marshal.GetLastPInvokeError() != NoEntry) throw Failure("removed", name);
    }

    /// <summary>Whether executing the file gives capabilities of its own.</summary>
    public static bool HasCapabilities(int fd)
    {
        fixed (byte* at = Terminated(Anchor(fd)), attribute = "security.capability\0"u8)
            return getxattr(at, attribute, null, 0) > 0;
    }

    /// <exception cref="IOException">The kernel refused.</exception>
    public static void RemoveCapabilities(int fd)
    {
        fixed (byte* at = Terminated(Anchor(fd)), attribute = "security.capability\0"u8)
            if (removexattr(at, attribute) != 0 && Marshal.GetLastPInvokeError() is not (NoData or NotSupported))
                throw Failure("rid of its capabilities", "a file"u8);
    }

    public static void Close(int fd) => _ = close(fd);

    /// <summary>The bytes of a path.</summary>
    public static byte[] Bytes(string path) => System.Text.Encoding.UTF8.GetBytes(path);

    /// <summary>For people.</summary>
    public static string Text(ReadOnlySpan<byte> name) => System.Text.Encoding.UTF8.GetString(name);

    private static int Open(int directory, ReadOnlySpan<byte> name, int flags)
    {
        fixed (byte* at = Terminated(name))
        {
            var fd = openat(directory, at, flags, 0);
            return fd >= 0 ? fd : throw Failure("opened", name);
        }
    }

    private static byte[] Terminated(ReadOnlySpan<byte> name) => [.. name, 0];

    private static IOException Failure(string verb, ReadOnlySpan<byte> name)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"'{Text(name)}' can't be {verb}: {new Win32Exception(error).Message}", error);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int directory, byte* path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(int fd, byte* buffer, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int chmod(byte* path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchownat(int directory, byte* path, uint uid, uint gid, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(int directory, byte* path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getxattr(byte* path, byte* name, byte* value, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int removexattr(byte* path, byte* name);

    [LibraryImport("libc")]
    private static partial int close(int fd);
}
