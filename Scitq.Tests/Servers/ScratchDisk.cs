using System.Diagnostics;

namespace Scitq.Tests.Servers;

/// <summary>A file system of its own, small enough to be filled: in memory, or ext4 on a file. A test that uses one needs root.</summary>
public sealed class ScratchDisk : IDisposable
{
    private const int LargestBlock = 1 << 20, SmallestBlock = 1 << 10;
    private readonly TestFolder _folder = new();

    /// <param name="megabytes">Its size.</param>
    /// <param name="type"><c>tmpfs</c> or <c>ext4</c>.</param>
    /// <param name="at">Where it is mounted, with a mode that only the owner can list; null for a folder of its own.</param>
    public ScratchDisk(int megabytes, string type = "tmpfs", string? at = null)
    {
        Path = at ?? _folder["disk"];
        Directory.CreateDirectory(Path);
        if (type == "ext4")
        {
            using (var image = File.Create(_folder["image"])) image.SetLength(megabytes * 1024L * 1024);
            Run("mkfs.ext4", "-q", "-F", _folder["image"]);
            Run("mount", "-o", "loop", _folder["image"], Path);
        }
        else
        {
            Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m{(at is null ? "" : ",mode=0711")}", "scitq-test", Path);
        }
    }

    public string Path { get; }

    public long FreeBytes => new DriveInfo(Path).AvailableFreeSpace;

    private string Filler => this[".filler"];

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Takes all that is free, as another program would, or all but so many bytes.</summary>
    public void Fill(long leave = 0)
    {
        using var file = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.Read, 0);
        for (var size = LargestBlock; size >= SmallestBlock; size /= 2)
        {
            try
            {
                while (leave == 0 || FreeBytes >= leave + size) file.Write(new byte[size]);
            }
            catch (IOException)
            {
                // The disk has no room for a block of this size.
            }
        }
    }

    public void Free() => File.Delete(Filler);

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
