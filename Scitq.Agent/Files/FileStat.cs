using System.Runtime.InteropServices;

namespace Scitq.Agent.Files;

/// <summary><c>struct statx</c>, which is the same on every architecture.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal readonly struct FileStat
{
    public const int SetIds = 0b110_000_000_000, AnyExecute = 0b001_001_001, Permissions = 0b111_111_111, Sticky = 0b001_000_000_000;

    [FieldOffset(16)] private readonly uint _links;
    [FieldOffset(20)] private readonly uint _uid;
    [FieldOffset(24)] private readonly uint _gid;
    [FieldOffset(28)] private readonly ushort _mode;

    public uint Links => _links;

    public uint Uid => _uid;

    public uint Gid => _gid;

    /// <summary>Permissions with set-uid, set-gid and sticky.</summary>
    public int Mode => _mode & 0xFFF;

    public bool IsFile => Kind == 0x8000;

    public bool IsDirectory => Kind == 0x4000;

    public bool IsLink => Kind == 0xA000;

    public bool IsDevice => Kind is 0x2000 or 0x6000;

    private int Kind => _mode & 0xF000;
}
