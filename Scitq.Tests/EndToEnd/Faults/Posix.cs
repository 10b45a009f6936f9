using System.Runtime.InteropServices;

namespace Scitq.Tests.EndToEnd.Faults;

internal static partial class Posix
{
    private const int SigKill = 9;

    /// <summary>SIGKILL to a process that is no child of the test.</summary>
    public static void Kill(int pid) => _ = kill(pid, SigKill);

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
