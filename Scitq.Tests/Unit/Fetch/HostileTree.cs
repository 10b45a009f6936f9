using System.Runtime.InteropServices;
using System.Text;

namespace Scitq.Tests.Unit.Fetch;

/// <summary>What a program can leave in a directory, which .NET has no names for.</summary>
internal static partial class HostileTree
{
    private const uint Fifo = 0x1000, Socket = 0xC000;

    /// <summary>Directories in each other, each with a file: no path may be as long as the innermost one's.</summary>
    public static void Nest(string root, int depth, int nameLength)
    {
        var (chain, next) = (root + ".chain", root + ".next");
        for (var level = 0; level < depth; level++)
        {
            Directory.CreateDirectory(next);
            File.WriteAllText(Path.Combine(next, "f"), "x");
            if (level > 0) Directory.Move(chain, Path.Combine(next, new string('d', nameLength)));
            Directory.Move(next, chain);
        }

        Directory.CreateDirectory(root);
        Directory.Move(chain, Path.Combine(root, "chain"));
    }

    /// <summary>The same tree for the same seed: names of any bytes, all modes, links that lead anywhere, FIFOs, sockets, sparse files.</summary>
    public static void Grow(string root, int seed, int entries, string outside)
    {
        var random = new Random(seed);
        Directory.CreateDirectory(root);
        var folders = new List<byte[]> { Encoding.UTF8.GetBytes(root) };
        var closed = new List<byte[]>();
        for (var i = 0; i < entries; i++)
        {
            var path = (byte[])[.. folders[random.Next(folders.Count)], (byte)'/', .. Name(random), 0];
            switch (random.Next(8))
            {
                case 0 or 1 when MakeDirectory(path, 0b111_111_111) == 0:
                    folders.Add(path[..^1]);
                    if (random.Next(3) == 0) closed.Add(path);
                    break;
                case 2:
                    _ = MakeNode(path, Fifo, 0);
                    break;
                case 3:
                    _ = MakeNode(path, Socket, 0);
                    break;
                case 4:
                    _ = MakeLink(Encoding.UTF8.GetBytes((random.Next(4) switch { 0 => ".", 1 => "..", 2 => outside, _ => "/nowhere" }) + "\0"), path);
                    break;
                default:
                    _ = MakeNode(path, 0x8000 | (uint)random.Next(0x1000), 0);
                    break;
            }
        }

        foreach (var folder in closed) _ = ChangeMode(folder, (uint)random.Next(0x1000) & 0b111_001_001_001u);
    }

    private static byte[] Name(Random random)
    {
        if (random.Next(20) == 0) return Encoding.UTF8.GetBytes(new string('n', 255));
        var name = new byte[random.Next(1, 30)];
        for (var i = 0; i < name.Length; i++)
            do name[i] = (byte)random.Next(1, 256);
            while (name[i] == '/');
        return name is [(byte)'.'] or [(byte)'.', (byte)'.'] ? "dots"u8.ToArray() : name;
    }

    [LibraryImport("libc", EntryPoint = "mkdir")]
    private static partial int MakeDirectory(byte[] path, uint mode);

    [LibraryImport("libc", EntryPoint = "mknod")]
    private static partial int MakeNode(byte[] path, uint mode, ulong device);

    [LibraryImport("libc", EntryPoint = "symlink")]
    private static partial int MakeLink(byte[] target, byte[] path);

    [LibraryImport("libc", EntryPoint = "chmod")]
    private static partial int ChangeMode(byte[] path, uint mode);
}
