using System.Diagnostics;

namespace Scitq.Tests.Servers;

/// <summary>A file system of a few megabytes, to be filled. Needs root.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _directory;

    private SmallDisk(string directory) => _directory = directory;

    private string Ballast => Path.Combine(_directory, ".ballast");

    public static SmallDisk Mount(string directory, int megabytes)
    {
        if (!Environment.IsPrivilegedProcess) TestEnvironment.Missing("The tests do not run as root");
        Directory.CreateDirectory(directory);
        Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=0711", "none", directory);
        return new SmallDisk(directory);
    }

    /// <summary>Takes all that is free, but for so many bytes.</summary>
    public void Fill(long leave = 0)
    {
        using var file = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4096];
        try
        {
            while (new DriveInfo(_directory).AvailableFreeSpace > leave) file.Write(block);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Free() => File.Delete(Ballast);

    public void Dispose() => Run("umount", "--lazy", _directory);

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
