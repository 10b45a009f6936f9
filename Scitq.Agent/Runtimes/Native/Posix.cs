using System.Runtime.InteropServices;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>The C library, thinly. Pointers and sizes are those of 64-bit Linux.</summary>
internal static unsafe partial class Posix
{
    public const int SigKill = 9, SigTerm = 15, SigCont = 18, SigStop = 19;
    public const int Eintr = 4, Esrch = 3, E2Big = 7, Erange = 34, NoSpace = 28, QuotaExceeded = 122;
    public const int ReadOnly = 0, WriteOnly = 1, Create = 0x40, Append = 0x400, NonBlocking = 0x800, CloseOnExec = 0x80000;
    public const short SpawnSetSigDef = 0x04, SpawnSetSigMask = 0x08, SpawnSetSid = 0x80;
    public const int NoHang = 1;

    // An environment and a command line are below 2 MiB each; what a task has left in their place may have no end.
    private const int LargestRead = 16 * 1024 * 1024;

    // Opaque to callers; glibc's are 80, 336 and 128 bytes, musl's are smaller.
    public const int FileActionsSize = 256, AttributesSize = 512, SignalSetSize = 128;

    [LibraryImport("libc")]
    public static partial int posix_spawn(out int pid, byte* path, void* actions, void* attributes, byte** argv, byte** envp);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawn_file_actions_addopen(void* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawn_file_actions_addchdir_np(void* actions, string path);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_addclosefrom_np(void* actions, int from);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigmask(void* attributes, void* set);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigdefault(void* attributes, void* set);

    [LibraryImport("libc")]
    public static partial int sigemptyset(void* set);

    [LibraryImport("libc")]
    public static partial int sigfillset(void* set);

    [LibraryImport("libc")]
    public static unsafe partial int getrusage(int who, long* usage);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int wait4(int pid, out int status, int options, long* usage);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    public static partial int getsid(int pid);

    [LibraryImport("libc")]
    public static partial uint geteuid();

    [LibraryImport("libc")]
    public static partial uint getegid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, long a, long b);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_ctl(int epoll, int operation, int fd, byte* data);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_wait(int epoll, byte* events, int count, int timeout);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int fd, byte* buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(int fd, byte* buffer, nint count);

    [LibraryImport("libc")]
    public static partial int close(int fd);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int access(string path, int mode);

    [LibraryImport("libc")]
    public static partial int getpwuid_r(uint uid, Account* account, byte* buffer, nint length, out Account* result);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int getpwnam_r(string name, Account* account, byte* buffer, nint length, out Account* result);

    [LibraryImport("libc")]
    public static partial int getgrouplist(byte* name, uint gid, uint* groups, int* count);

    [LibraryImport("libc")]
    public static partial int getgrgid_r(uint gid, void* group, byte* buffer, nint length, out nint result);

    /// <summary>
    /// A descriptor that becomes readable when the process ends; -1 when there is no such process. Since Linux 5.3; glibc 2.36 was the first to wrap it.
    /// </summary>
    public static int PidFd(int pid) => (int)syscall(434, pid, 0);

    /// <summary>The whole of a small file of the kernel's; null when it can't be read, as when its process has ended.</summary>
    public static byte[]? Read(string path)
    {
        // A FIFO with nobody at its other end would be waited for.
        var fd = open(path, ReadOnly | NonBlocking | CloseOnExec, 0);
        if (fd < 0) return null;
        var content = new byte[4096];
        var length = 0;
        try
        {
            while (true)
            {
                if (length == content.Length && length >= LargestRead) return null;
                if (length == content.Length) Array.Resize(ref content, length * 2);
                nint count;
                fixed (byte* to = &content[length]) count = read(fd, to, content.Length - length);
                if (count < 0) return null;
                if (count == 0) return content[..length];
                length += (int)count;
            }
        }
        finally
        {
            _ = close(fd);
        }
    }

    /// <summary>Writes a few bytes at once to a file that exists; false when refused.</summary>
    public static bool Write(string path, ReadOnlySpan<byte> content)
    {
        var fd = open(path, WriteOnly | CloseOnExec, 0);
        if (fd < 0) return false;
        nint written;
        fixed (byte* from = content) written = write(fd, from, content.Length);
        _ = close(fd);
        return written == content.Length;
    }

    /// <summary><c>struct passwd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Account
    {
        public byte* Name, Password;
        public uint Uid, Gid;
        public byte* Gecos, Home, Shell;
    }
}
