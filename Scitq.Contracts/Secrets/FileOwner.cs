using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Scitq.Contracts;

/// <summary>Whose a file is, which .NET does not tell.</summary>
public static partial class FileOwner
{
    private const int EmptyPath = 0x1000;
    private const uint WantsOwner = 0x8;

    /// <summary>The account this process acts as.</summary>
    public static uint Me => OperatingSystem.IsLinux() ? EffectiveUser() : 0;

    /// <summary>The owner of an open file; null when it can't be told.</summary>
    public static uint? Of(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux()) return null;
        var held = false;
        try
        {
            file.DangerousAddRef(ref held);
            return Statx((int)file.DangerousGetHandle(), "", EmptyPath, WantsOwner, out var stat) == 0 ? stat.Uid : null;
        }
        finally
        {
            if (held) file.DangerousRelease();
        }
    }

    /// <summary>The owner of what is at the path, a link followed; null when nothing is there.</summary>
    public static uint? Of(string path) => OperatingSystem.IsLinux() && Statx(-100, path, 0, WantsOwner, out var stat) == 0 ? stat.Uid : null;

    /// <summary>The account's home as the machine's list of accounts has it, whatever HOME says.</summary>
    public static string? Home()
    {
        // struct passwd of 64-bit Linux: two texts, two numbers of four bytes, a text, and the directory.
        const int Directory = 32;
        var entry = OperatingSystem.IsLinux() && IntPtr.Size == 8 ? Account(Me) : IntPtr.Zero;
        return entry == IntPtr.Zero ? null : Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(entry, Directory));
    }

    /// <summary>An account's name; its number where it has none.</summary>
    public static string NameOf(uint uid)
    {
        var entry = OperatingSystem.IsLinux() && IntPtr.Size == 8 ? Account(uid) : IntPtr.Zero;
        return (entry == IntPtr.Zero ? null : Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(entry)))
            ?? uid.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "getpwuid")]
    private static partial IntPtr Account(uint uid);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, out Stat stat);

    // struct statx is the same on every Linux architecture: 256 bytes, stx_uid at 20.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Stat
    {
        [FieldOffset(20)] public uint Uid;
    }
}
