using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Scitq.Fetch.Local;

/// <summary>
/// .NET's functions for files, for every name that Linux has (see <see cref="ByteName"/>). A name that is text goes to .NET; any other
/// to the system itself, with the same outcome and the same exceptions.
/// </summary>
internal static partial class LocalFiles
{
    private const int NoEntry = 2, Exists = 17;

    public static FileStream Open(string path, FileStreamOptions options)
    {
        if (ByteName.IsText(path)) return new FileStream(path, options);
        const int Create = 0x40, Exclusively = 0x80, CloseOnExec = 0x80000;
        const UnixFileMode everyoneAsUmaskHasIt = (UnixFileMode)0b110_110_110;
        var flags = CloseOnExec | options.Access switch { FileAccess.Read => 0, FileAccess.Write => 1, _ => 2 } | options.Mode switch
        {
            FileMode.Open => 0,
            FileMode.CreateNew => Create | Exclusively,
            _ => Create,
        };
        var file = new SafeFileHandle(
            Checked(path, OpenFile(ByteName.Terminated(path), flags, (int)(options.UnixCreateMode ?? everyoneAsUmaskHasIt))), ownsHandle: true);
        try
        {
            // As .NET does: advisory locks stand for sharing.
            const int Shared = 1, Exclusive = 2, DontWait = 4;
            var locked = options.Share switch { FileShare.None => Exclusive, FileShare.Read when options.Access == FileAccess.Read => Shared, _ => 0 };
            if (locked != 0) Checked(path, Lock(file, locked | DontWait));
            var stream = new FileStream(file, options.Access, options.BufferSize, isAsync: false);
            if (options.Mode is FileMode.Create or FileMode.Truncate) stream.SetLength(0);
            return stream;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Deletes a file or link; that there is none is no failure.</summary>
    public static void Delete(string path)
    {
        if (ByteName.IsText(path)) File.Delete(path);
        else if (Unlink(ByteName.Terminated(path)) != 0 && Marshal.GetLastPInvokeError() is not NoEntry and var error) throw Fault(path, error);
    }

    /// <summary>Gives a file or link its final name; a file that has that name makes room.</summary>
    public static void Move(string from, string to)
    {
        // .NET asks first whether the file is there, and takes a link to a directory for none.
        const int OtherDisk = 18;
        if (OperatingSystem.IsLinux() && Rename(ByteName.Terminated(from), ByteName.Terminated(to)) == 0) return;
        if (OperatingSystem.IsLinux() && Marshal.GetLastPInvokeError() is not OtherDisk and var error) throw Fault(from, error);
        File.Move(from, to, overwrite: true);
    }

    /// <summary>Gives a directory another name on the same disk.</summary>
    public static void MoveDirectory(string from, string to)
    {
        if (ByteName.IsText(from) && ByteName.IsText(to)) Directory.Move(from, to);
        else Checked(to, Rename(ByteName.Terminated(from), ByteName.Terminated(to)));
    }

    /// <summary>Makes a directory and those above it; that it is there is no failure.</summary>
    public static void MakeDirectory(string path)
    {
        if (ByteName.IsText(path))
        {
            Directory.CreateDirectory(path);
            return;
        }

        if (FileKinds.Of(path, follow: true) == FileKind.Directory) return;
        if (Path.GetDirectoryName(path) is { Length: > 0 } above) MakeDirectory(above);
        if (Mkdir(ByteName.Terminated(path), 0b111_111_111) == 0) return;
        var error = Marshal.GetLastPInvokeError();
        if (error != Exists || FileKinds.Of(path, follow: true) != FileKind.Directory) throw Fault(path, error);
    }

    /// <summary>Deletes a directory with nothing in it.</summary>
    public static void DeleteDirectory(string path)
    {
        if (ByteName.IsText(path)) Directory.Delete(path);
        else Checked(path, Rmdir(ByteName.Terminated(path)));
    }

    public static void SymbolicLink(string path, string target)
    {
        if (ByteName.IsText(path) && ByteName.IsText(target)) File.CreateSymbolicLink(path, target);
        else Checked(path, MakeSymbolicLink(ByteName.Terminated(target), ByteName.Terminated(path)));
    }

    /// <summary>Where a symbolic link leads, as it is written; null when the path is none.</summary>
    public static string? LinkTarget(string path)
    {
        // .NET has replaced what it could not read of a target, too.
        if (ByteName.IsText(path) && new FileInfo(path).LinkTarget is var target
            && (target is null || !target.Contains('\uFFFD') || !OperatingSystem.IsLinux())) return target;
        const int Longest = 4096;
        var buffer = new byte[Longest];
        var length = ReadLink(ByteName.Terminated(path), buffer, Longest);
        return length < 0 ? null : ByteName.Of(buffer.AsSpan(0, (int)length));
    }

    public static void Copy(string from, string to)
    {
        if (ByteName.IsText(from) && ByteName.IsText(to))
        {
            File.Copy(from, to, overwrite: true);
            return;
        }

        using (var source = Open(from, new FileStreamOptions { BufferSize = 0 }))
        using (var copy = Open(to, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0 }))
            source.CopyTo(copy, 1 << 17);
        SetMode(to, FileFacts.Of(from).Mode);
    }

    /// <summary>Another name for a file; of a symbolic link, for the link itself. False where the file system has no such thing.</summary>
    public static bool HardLink(string existing, string path) =>
        !OperatingSystem.IsWindows() && MakeHardLink(ByteName.Terminated(existing), ByteName.Terminated(path)) == 0;

    /// <summary>Sets the mode of a file, no link.</summary>
    public static void SetMode(string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows()) return;
        if (ByteName.IsText(path)) File.SetUnixFileMode(path, mode);
        else Checked(path, Chmod(ByteName.Terminated(path), (uint)mode));
    }

    /// <summary>The names in a directory, in no order.</summary>
    public static IEnumerable<string> NamesIn(string directory)
    {
        // struct dirent has its name there on every 64-bit Linux, and nowhere else.
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
            return new DirectoryInfo(directory).EnumerateFileSystemInfos("*", All).Select(f => f.Name);
        return Read(Listing.Open(directory));

        static IEnumerable<string> Read(Listing listing)
        {
            using (listing)
            {
                while (listing.Next() is { } name) yield return name;
            }
        }
    }

    /// <summary>The exception that .NET would throw.</summary>
    internal static Exception Fault(string path, int error)
    {
        const int NotPermitted = 1, NoAccess = 13, TooLong = 36;
        var message = $"{new Win32Exception(error).Message} : '{Redacted.Of(path)}'";
        return error switch
        {
            NoEntry => new FileNotFoundException(message, path),
            NotPermitted or NoAccess => new UnauthorizedAccessException(message),
            TooLong => new PathTooLongException(message),
            _ => new IOException(message, error),
        };
    }

    private static int Checked(string path, int result) => result >= 0 ? result : throw Fault(path, Marshal.GetLastPInvokeError());

    private static readonly EnumerationOptions All = new()
        { AttributesToSkip = 0, IgnoreInaccessible = false, MatchType = MatchType.Simple, ReturnSpecialDirectories = false };

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    private static partial int OpenFile(byte[] path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true)]
    private static partial int Unlink(byte[] path);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true)]
    private static partial int Rename(byte[] from, byte[] to);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true)]
    private static partial int Mkdir(byte[] path, uint mode);

    [LibraryImport("libc", EntryPoint = "rmdir", SetLastError = true)]
    private static partial int Rmdir(byte[] path);

    [LibraryImport("libc", EntryPoint = "symlink", SetLastError = true)]
    private static partial int MakeSymbolicLink(byte[] target, byte[] path);

    [LibraryImport("libc", EntryPoint = "readlink", SetLastError = true)]
    private static partial nint ReadLink(byte[] path, byte[] buffer, nint size);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true)]
    private static partial int MakeHardLink(byte[] existing, byte[] path);

    [LibraryImport("libc", EntryPoint = "chmod", SetLastError = true)]
    private static partial int Chmod(byte[] path, uint mode);

    /// <summary>An open directory.</summary>
    private sealed partial class Listing() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        private const int NameAt = 19;

        public static Listing Open(string directory)
        {
            var listing = OpenDirectory(ByteName.Terminated(directory));
            if (!listing.IsInvalid) return listing;
            var error = Marshal.GetLastPInvokeError();
            listing.Dispose();
            throw error == NoEntry
                ? new DirectoryNotFoundException($"{new Win32Exception(error).Message} : '{Redacted.Of(directory)}'")
                : Fault(directory, error);
        }

        /// <summary>The next name; null at the end.</summary>
        public unsafe string? Next()
        {
            while (true)
            {
                var entry = (byte*)ReadDirectory(this);
                if (entry is null)
                    return Marshal.GetLastPInvokeError() is not 0 and var error ? throw new IOException(new Win32Exception(error).Message, error) : null;
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameAt);
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8)) return ByteName.Of(name);
            }
        }

        protected override bool ReleaseHandle() => CloseDirectory(handle) == 0;

        [LibraryImport("libc", EntryPoint = "opendir", SetLastError = true)]
        private static partial Listing OpenDirectory(byte[] path);

        [LibraryImport("libc", EntryPoint = "readdir", SetLastError = true)]
        private static partial nint ReadDirectory(Listing directory);

        [LibraryImport("libc", EntryPoint = "closedir")]
        private static partial int CloseDirectory(nint directory);
    }
}
