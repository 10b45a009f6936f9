using System.Diagnostics;

namespace Scitq.Agent.Workers;

/// <summary>Whole directories.</summary>
internal static class Trees
{
    /// <summary>Removes a directory and all in it, whatever the names are; that there is none is no failure.</summary>
    /// <exception cref="IOException">Something is left.</exception>
    public static void Delete(string directory)
    {
        try
        {
            if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
            return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A name that is no UTF-8 can't even be said here.
        }

        using (var rm = Process.Start(new ProcessStartInfo("/bin/rm", ["-rf", "--", directory]) { RedirectStandardError = true })!)
        {
            rm.StandardError.ReadToEnd();
            rm.WaitForExit();
        }

        if (Directory.Exists(directory)) throw new IOException($"'{directory}' could not be removed entirely.");
    }

    /// <summary>Bytes of all files in it, as far as they can be read.</summary>
    public static long Size(string directory) =>
        new DirectoryInfo(directory).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Sum(f => f.Exists ? f.Length : 0);
}
