using System.Runtime.InteropServices;

namespace Scitq.Fetch.Local;

/// <summary><c>struct statx</c>, which is the same on every architecture of Linux, and the one call that fills it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal readonly unsafe partial struct FileStat
{
    public const int SetIds = 0b110_000_000_000, AnyExecute = 0b001_001_001, Permissions = 0b111_111_111, Sticky = 0b001_000_000_000;

    private const int AtCurrentDirectory = -100, NoFollow = 0x100, EmptyPath = 0x1000;
    private const uint AllFields = 0xFFF | MountField, CreatedField = 0x800, MountField = 0x1000;
    private const int BlockSize = 512;

    [FieldOffset(0)] private readonly uint _mask;
    [FieldOffset(8)] private readonly ulong _flags;
    [FieldOffset(16)] private readonly uint _links;
    [FieldOffset(20)] private readonly uint _uid;
    [FieldOffset(24)] private readonly uint _gid;
    [FieldOffset(28)] private readonly ushort _mode;
    [FieldOffset(32)] private readonly ulong _inode;
    [FieldOffset(40)] private readonly long _size;
    [FieldOffset(48)] private readonly long _blocks;
    [FieldOffset(80)] private readonly long _created;
    [FieldOffset(88)] private readonly uint _createdNanoseconds;
    [FieldOffset(112)] private readonly long _modified;
    [FieldOffset(120)] private readonly uint _modifiedNanoseconds;
    [FieldOffset(136)] private readonly uint _deviceMajor;
    [FieldOffset(140)] private readonly uint _deviceMinor;
    [FieldOffset(144)] private readonly ulong _mount;

    public uint Links => _links;

    public uint Uid => _uid;

    public uint Gid => _gid;

    /// <summary>Permissions with set-uid, set-gid and sticky.</summary>
    public int Mode => _mode & 0xFFF;

    public FileKind Kind => (_mode & 0xF000) switch
    {
        0x8000 => FileKind.File,
        0x4000 => FileKind.Directory,
        0xA000 => FileKind.SymbolicLink,
        0x1000 => FileKind.Fifo,
        0xC000 => FileKind.Socket,
        _ => FileKind.Device,
    };

    public bool IsFile => Kind == FileKind.File;

    public bool IsDirectory => Kind == FileKind.Directory;

    public bool IsLink => Kind == FileKind.SymbolicLink;

    public bool IsDevice => Kind == FileKind.Device;

    /// <summary>Immutable, append-only and the like.</summary>
    public ulong Flags => _flags;

    /// <summary>The file system it is on.</summary>
    public ulong Device => ((ulong)_deviceMajor << 32) | _deviceMinor;

    /// <summary>Its number there.</summary>
    public ulong Inode => _inode;

    public long Size => _size;

    /// <summary>The bytes it takes, which its size does not tell.</summary>
    public long Allocated => _blocks * BlockSize;

    public DateTime Modified => Time(_modified, _modifiedNanoseconds);

    /// <summary>When it was made; where the file system does not know, when it was last modified.</summary>
    public DateTime Created => (_mask & CreatedField) != 0 ? Time(_created, _createdNanoseconds) : Modified;

    /// <summary>The mount it was reached through; null before Linux 5.8.</summary>
    public ulong? Mount => (_mask & MountField) != 0 ? _mount : null;

    /// <summary>What is at a name in an open directory: a link is a link. False leaves the error to be asked for.</summary>
    public static bool TryOf(int directory, byte* name, out FileStat stat) => Statx(directory, name, NoFollow, AllFields, out stat) == 0;

    /// <summary>What is open. False leaves the error to be asked for.</summary>
    public static bool TryOf(int fd, out FileStat stat)
    {
        byte nothing = 0;
        return Statx(fd, &nothing, EmptyPath, AllFields, out stat) == 0;
    }

    /// <summary>What is at a path itself; or, followed, where it leads to. False leaves the error to be asked for.</summary>
    public static bool TryOf(string path, bool follow, out FileStat stat)
    {
        fixed (byte* at = ByteName.Terminated(path))
            return Statx(AtCurrentDirectory, at, follow ? 0 : NoFollow, AllFields, out stat) == 0;
    }

    private static DateTime Time(long seconds, uint nanoseconds)
    {
        var first = -(DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerSecond);
        var last = ((DateTime.MaxValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerSecond) - 1;
        return DateTime.UnixEpoch.AddTicks((Math.Clamp(seconds, first, last) * TimeSpan.TicksPerSecond) + (nanoseconds / 100));
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int Statx(int directory, byte* path, int flags, uint mask, out FileStat stat);
}
