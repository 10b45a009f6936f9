using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Scitq.Tests.Servers;

/// <summary>Does things to files as an ordinary account would. Needs root.</summary>
internal static partial class OtherAccount
{
    public const uint Id = 65534;

    /// <summary>In a thread of its own, which alone has lost root's rights.</summary>
    public static void Do(Action work)
    {
        if (!Environment.IsPrivilegedProcess) TestEnvironment.Missing("The tests do not run as root");
        ExceptionDispatchInfo? failed = null;
        var thread = new Thread(() =>
        {
            try
            {
                // Not by the C library, which changes all threads.
                Assert.Equal((0, 0), (Call(Arm ? 149 : 119, uint.MaxValue, Id, uint.MaxValue), Call(Arm ? 147 : 117, uint.MaxValue, Id, uint.MaxValue)));
                work();
            }
            catch (Exception e)
            {
                failed = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failed?.Throw();
    }

    /// <summary>Gives a file or directory to the account.</summary>
    public static void Own(string path) => Assert.Equal(0, ChangeOwner(path, Id, Id));

    private static bool Arm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Call(nint number, uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
