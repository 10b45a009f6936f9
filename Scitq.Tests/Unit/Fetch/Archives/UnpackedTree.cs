using System.IO.Hashing;
using Scitq.Fetch.Local;

namespace Scitq.Tests.Unit.Fetch.Archives;

/// <summary>What is in a directory, for comparison: names, kinds, content, modes as we keep them, times of files.</summary>
internal static class UnpackedTree
{
    private const UnixFileMode Kept = (UnixFileMode)0b111_111_111;

    /// <param name="directory">The directory.</param>
    /// <param name="modesAndTimes">Whether those count.</param>
    public static SortedDictionary<string, string> Of(string directory, bool modesAndTimes)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Walk(directory, "");
        return found;

        void Walk(string path, string name)
        {
            foreach (var child in LocalFiles.NamesIn(path))
            {
                var (childPath, childName) = (Path.Combine(path, child), name + child);
                var facts = FileFacts.Of(childPath);
                switch (facts.Kind)
                {
                    case FileKind.Directory:
                        found[childName + "/"] = "";
                        Walk(childPath, childName + "/");
                        break;
                    case FileKind.SymbolicLink:
                        found[childName] = $"-> {LocalFiles.LinkTarget(childPath)}";
                        break;
                    case FileKind.File:
                        found[childName] = $"{facts.Size} {Sum(childPath):x}";
                        if (!modesAndTimes) break;
                        var mode = (int)((facts.Mode & Kept) | UnixFileMode.UserRead | UnixFileMode.UserWrite);
                        found[childName] += $" {Convert.ToString(mode, 8)} {facts.Modified:s}";
                        break;
                }
            }
        }
    }

    public static string Text(SortedDictionary<string, string> tree) =>
        string.Join("; ", tree.Select(e => $"{ByteName.Shown(e.Key)} {ByteName.Shown(e.Value)}"));

    private static uint Sum(string path)
    {
        var crc = new Crc32();
        using var file = LocalFiles.Open(path, new FileStreamOptions());
        crc.Append(file);
        return crc.GetCurrentHashAsUInt32();
    }
}
