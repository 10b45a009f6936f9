using System.Diagnostics;

namespace Scitq.Tests.Servers;

/// <summary>
/// A file system that believes to have room, on a disk that can run out of it: what is written then is taken, and lost when it is flushed. That is how a broken
/// disk, a thin volume or a store over the network fails. Needs root.
/// </summary>
public sealed class ThinDisk : IDisposable
{
    private readonly ScratchDisk _below = new(16);

    public ThinDisk()
    {
        using (var image = File.Create(_below["image"])) image.SetLength(256L << 20);
        // Without a journal of its own, so that it goes on after an error.
        Run("mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-E", "lazy_itable_init=1", _below["image"]);
        Directory.CreateDirectory(Path);
        Run("mount", "-o", "loop,errors=continue", _below["image"], Path);
    }

    public string Path => _below["disk"];

    /// <summary>From here on nothing new reaches the disk, whatever is written.</summary>
    public void Break() => _below.Fill();

    public void Mend() => _below.Free();

    public void Dispose()
    {
        Run("umount", "--lazy", Path);
        _below.Dispose();
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) TestEnvironment.Missing($"{program} {string.Join(' ', arguments)} needs root ({error.Trim()})");
    }
}
