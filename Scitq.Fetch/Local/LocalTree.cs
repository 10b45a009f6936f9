namespace Scitq.Fetch.Local;

/// <summary>
/// Walks a directory without ever following a link, opening nothing. Names are exact, also those that are no text: see <see cref="ByteName"/>.
/// </summary>
internal static class LocalTree
{
    /// <summary>How a folder is called that nothing is in.</summary>
    public const string EmptyFolder = "an empty folder";

    /// <summary>Regular files (and, not recursively, directories) with their relative names; everything else is told to <paramref name="skipped"/>.</summary>
    public static IEnumerable<LocalEntry> Walk(string root, bool recursive, CancellationToken ct, Action<string, string>? skipped = null)
    {
        var folders = new Stack<string>();
        folders.Push("");
        while (folders.TryPop(out var folder))
        {
            var empty = true;
            using var way = DeepPath.To(Path.Combine(root, folder));
            foreach (var child in LocalFiles.NamesIn(way.Path))
            {
                ct.ThrowIfCancellationRequested();
                empty = false;
                var name = folder.Length == 0 ? child : $"{folder}/{child}";
                var path = Path.Combine(root, name);
                switch (FileFacts.Of($"{way.Path}/{child}"))
                {
                    case { Kind: FileKind.File } file:
                        yield return new LocalEntry(name, path, file);
                        break;
                    case { Kind: FileKind.Directory } when recursive:
                        folders.Push(name);
                        break;
                    case { Kind: FileKind.Directory } directory:
                        yield return new LocalEntry(name, path, directory);
                        break;
                    case { Kind: FileKind.Missing }:
                        // Deleted since it was listed.
                        break;
                    case var other:
                        skipped?.Invoke(name, other.Kind.InWords());
                        break;
                }
            }

            if (empty && folder.Length > 0) skipped?.Invoke(folder, EmptyFolder);
        }
    }
}
