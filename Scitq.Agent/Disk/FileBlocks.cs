using System.Runtime.InteropServices;

namespace Scitq.Agent.Disk;

/// <summary>How much room a file really takes, which its length does not tell: files have holes, and room that is reserved beyond their end.</summary>
internal static partial class FileBlocks
{
    private const int AtCurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint Basic = 0x7ff;
    private const int TypeMask = 0xF000, Regular = 0x8000;

    /// <summary>What is at this path; null when it can't be looked at.</summary>
    public static Usage? Of(string path, bool follow = false) =>
        Statx(AtCurrentDirectory, path, follow ? 0 : NoFollow, Basic, out var stat) == 0
            ? new Usage(
                (stat.Mode & TypeMask) == Regular, ((ulong)stat.DeviceMajor << 32) | stat.DeviceMinor, stat.Inode, stat.Links,
                (long)stat.Size, (long)stat.Blocks * 512)
            : null;

    /// <summary>Whether the next byte appended needs room that the file does not have yet; also when it is not there.</summary>
    public static bool NeedsRoom(string path) => Of(path) is not { } file || file.Allocated <= file.Length;

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, out Stat stat);

    /// <param name="IsFile">Whether it is a regular file.</param>
    /// <param name="Device">The file system it is on.</param>
    /// <param name="Inode">Its number there.</param>
    /// <param name="Links">How many names it has.</param>
    /// <param name="Length">Its length.</param>
    /// <param name="Allocated">The bytes it takes.</param>
    internal readonly record struct Usage(bool IsFile, ulong Device, ulong Inode, uint Links, long Length, long Allocated);

    // struct statx is the same on every Linux architecture.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Stat
    {
        [FieldOffset(16)] public uint Links;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(48)] public ulong Blocks;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }
}
