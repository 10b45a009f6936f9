using System.Diagnostics;

namespace Scitq.Tests.Servers;

/// <summary>A file system of its own, small enough to be filled: in memory, or ext4 on a file.</summary>
public sealed class ScratchDisk : IDisposable
{
    private readonly TestFolder _folder = new();

    public ScratchDisk(int megabytes, string type = "tmpfs")
    {
        Directory.CreateDirectory(Path);
        if (type == "ext4")
        {
            using (var image = File.Create(_folder["image"])) image.SetLength(megabytes * 1024L * 1024);
            Run("mkfs.ext4", "-q", "-F", _folder["image"]);
            Run("mount", "-o", "loop", _folder["image"], Path);
        }
        else
        {
            Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "scitq-test", Path);
        }
    }

    public string Path => _folder["disk"];

    public long FreeBytes => new DriveInfo(Path).AvailableFreeSpace;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Takes all that is free, as another program would.</summary>
    public void Fill()
    {
        using var file = new FileStream(this["filler"], FileMode.Append, FileAccess.Write, FileShare.Read, 0);
        for (var size = 1 << 20; size >= 1024; size /= 2)
        {
            try
            {
                while (true) file.Write(new byte[size]);
            }
            catch (IOException)
            {
                // Full, for this size.
            }
        }
    }

    public void Free() => File.Delete(this["filler"]);

    public void Dispose()
    {
        Run("umount", "--lazy", Path);
        _folder.Dispose();
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) TestEnvironment.Missing($"{program} {string.Join(' ', arguments)} needs root ({error.Trim()})");
    }
}
