using System.IO.Enumeration;

namespace Scitq.Fetch.Local;

/// <summary>Walks a directory without ever following a link, opening nothing.</summary>
internal static class LocalTree
{
    /// <summary>How a folder is called that nothing is in.</summary>
    public const string EmptyFolder = "an empty folder";

    /// <summary>Regular files (and, not recursively, directories) with their relative names; everything else is told to <paramref name="skipped"/>.</summary>
    public static IEnumerable<(string Name, FileSystemInfo Info)> Walk(string root, bool recursive, CancellationToken ct, Action<string, string>? skipped = null)
    {
        var folders = new Stack<string>();
        folders.Push("");
        while (folders.TryPop(out var folder))
        {
            var empty = true;
            using var way = DeepPath.To(Path.Combine(root, folder));
            foreach (var info in new DirectoryInfo(way.Path).EnumerateFileSystemInfos("*", All))
            {
                ct.ThrowIfCancellationRequested();
                empty = false;
                var name = folder.Length == 0 ? info.Name : $"{folder}/{info.Name}";
                switch (FileKinds.Of(info.FullName))
                {
                    case FileKind.File:
                        var file = info as FileInfo ?? new FileInfo(info.FullName);
                        // Asked for now: the way to it may be closed when its reader wants to know.
                        if (DeepPath.IsNeeded(Path.Combine(root, name))) file.Refresh();
                        yield return (name, file);
                        break;
                    case FileKind.Directory when recursive:
                        folders.Push(name);
                        break;
                    case FileKind.Directory:
                        yield return (name, info as DirectoryInfo ?? new DirectoryInfo(info.FullName));
                        break;
                    case FileKind.Missing when info.Name.Contains('\uFFFD'):
                        // .NET has replaced the bytes it could not read, so the file cannot be named any more, nor could its object.
                        throw new UnsupportedTransferException($"'{Redacted.Of(info.FullName)}' has a name that is not UTF-8: rename it (? stands for the bad bytes: {Redacted.Of(info.Name).Replace('\uFFFD', '?')}).");
                    case FileKind.Missing:
                        // Deleted since it was listed.
                        break;
                    case var kind:
                        skipped?.Invoke(name, kind.InWords());
                        break;
                }
            }

            if (empty && folder.Length > 0) skipped?.Invoke(folder, EmptyFolder);
        }
    }

    private static readonly EnumerationOptions All = new() { AttributesToSkip = 0, IgnoreInaccessible = false, MatchType = MatchType.Simple, ReturnSpecialDirectories = false };
}
