using System.Runtime.InteropServices;
using Scitq.Agent.Runtimes.Native;

namespace Scitq.Agent.Files;

/// <summary>The file system with the rights of another account: root fetches for a task only what the task itself may read.</summary>
internal static partial class SeenBy
{
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    // Of the kernel and not of the C library, whose setgroups changes all threads.
    private static readonly int SetGroups = Arm ? 159 : 116, GetGroups = Arm ? 158 : 115;

    /// <summary>Does something short, all of it on this thread, as the account.</summary>
    public static unsafe T Run<T>(RunAs account, Func<T> look)
    {
        if (Posix.geteuid() != 0) return look();
        var before = new uint[Math.Max(0, (int)syscall(GetGroups, 0, null))];
        fixed (uint* old = before, own = account.Groups)
        {
            if (syscall(GetGroups, before.Length, old) < 0 || syscall(SetGroups, account.Groups.Length, own) != 0)
                throw new IOException("The groups of an account could not be taken.");
            try
            {
                _ = setfsgid(account.Gid);
                // Without root's, the capabilities that override permissions are gone too.
                _ = setfsuid(account.Uid);
                if (setfsuid(uint.MaxValue) != account.Uid) throw new IOException($"uid {account.Uid} could not be taken.");
                return look();
            }
            finally
            {
                _ = setfsuid(0);
                _ = setfsgid(Posix.getegid());
                if (setfsuid(uint.MaxValue) != 0 || syscall(SetGroups, before.Length, old) != 0) Environment.FailFast("A thread has lost its rights.");
            }
        }
    }

    /// <summary>The first file at or below the path that the account may not read; null when it may read all.</summary>
    public static string? Unreadable(RunAs account, string path, CancellationToken ct) => Run(account, () => First(path, ct));

    private static string? First(string path, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (!CanOpen(path)) return path;
        // Links are neither followed below a folder nor fetched.
        return !Directory.Exists(path) ? null
            : new DirectoryInfo(path).EnumerateFileSystemInfos().Where(e => e.LinkTarget is null).Select(e => First(e.FullName, ct))
                .FirstOrDefault(found => found is not null);
    }

    /// <summary>Only what is refused counts: that something is missing, its fetching tells.</summary>
    private static bool CanOpen(string path)
    {
        const int NotPermitted = 1, Denied = 13, NonBlocking = 0x800;
        var fd = Posix.open(path, Posix.ReadOnly | Posix.CloseOnExec | NonBlocking, 0);
        if (fd < 0) return Marshal.GetLastPInvokeError() is not (NotPermitted or Denied);
        Unix.Close(fd);
        return true;
    }

    [LibraryImport("libc")]
    private static partial int setfsuid(uint uid);

    [LibraryImport("libc")]
    private static partial int setfsgid(uint gid);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint syscall(long number, long count, uint* groups);
}
