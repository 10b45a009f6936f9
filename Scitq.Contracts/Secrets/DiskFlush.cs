using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Scitq.Contracts;

/// <summary>
/// Brings what was written to the disk, and says when that fails: <see cref="RandomAccess.FlushToDisk"/> of .NET keeps quiet whatever fsync answers.
/// </summary>
public static partial class DiskFlush
{
    private const int Interrupted = 4;

    /// <summary>Returns once all that was written to the file is on the disk.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="IOException">It may not be on the disk; its HResult is the system's number of the error.</exception>
    public static void Flush(SafeFileHandle file)
    {
        if (OperatingSystem.IsWindows())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }

        while (Synchronize(file) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted) throw new IOException($"it could not be flushed to the disk: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }
    }

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronize(SafeFileHandle file);
}
