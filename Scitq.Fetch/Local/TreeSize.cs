using System.Runtime.InteropServices;

namespace Scitq.Fetch.Local;

/// <summary>How much a tree holds, as far as it can be read, whatever its depth and names are. Linux only.</summary>
internal static unsafe class TreeSize
{
    private const int MostOpen = 256;

    /// <summary>Bytes of all files; what lies deeper than so many directories is not counted, nor is what is mounted inside.</summary>
    public static long Of(string path)
    {
        if (OpenDirectory.Open(path, out _) is not { } top) return 0;
        var open = new Stack<OpenDirectory>([top]);
        try
        {
            var mount = Descriptors.MountOf(top.Fd);
            var bytes = 0L;
            while (open.TryPeek(out var directory))
            {
                var name = directory.Next(out var mayBeDirectory);
                if (name is null) open.Pop().Dispose();
                else if (Descriptors.FactsOf(directory.Fd, name, out _) is not { } facts) continue;
                else if (facts.IsFile) bytes += facts.Size;
                else if (mayBeDirectory && facts.IsDirectory && open.Count < MostOpen && TryOpen(directory.Fd, name, mount) is { } below) open.Push(below);
            }

            return bytes;
        }
        finally
        {
            while (open.TryPop(out var directory)) directory.Dispose();
        }
    }

    private static OpenDirectory? TryOpen(int parent, byte* name, ulong? mount)
    {
        var fd = Descriptors.OpenAt(parent, name, Descriptors.ReadOnly | Descriptors.OnlyDirectories | Descriptors.NoFollow | Descriptors.CloseOnExec);
        if (fd < 0) return null;
        var directory = new OpenDirectory(fd, [.. MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name), 0]);
        if (Descriptors.MountOf(fd) == mount) return directory;
        directory.Dispose();
        return null;
    }
}
