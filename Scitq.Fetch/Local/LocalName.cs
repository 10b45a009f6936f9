using Scitq.Contracts;

namespace Scitq.Fetch.Local;

/// <summary>Turns names from outside into local paths that stay below a directory.</summary>
internal static class LocalName
{
    /// <summary>
    /// The absolute path of <paramref name="name"/> below <paramref name="directory"/>. Empty and <c>.</c> components vanish, as they do for the file system.
    /// </summary>
    /// <exception cref="BadUriException">It leads outside or is no name.</exception>
    public static string Resolve(string directory, string name, string shown) => Path.Combine([directory, .. Parts(name, shown)]);

    /// <summary>The same of a file, whose name does not end with a slash: an object's may.</summary>
    /// <exception cref="BadUriException">It leads outside or is no name.</exception>
    public static string OfFile(string directory, string name, string shown) => Resolve(directory, File(name, shown), shown);

    /// <summary>The same as a relative path, with slashes.</summary>
    /// <exception cref="BadUriException">It leads outside or is no name.</exception>
    public static string Relative(string name, string shown) => string.Join('/', Parts(File(name, shown), shown));

    private static string File(string name, string shown) => name.EndsWith('/')
        ? throw new BadUriException(
            $"{Redacted.Of(shown)}: the name '{Redacted.Of(name)}' ends with a slash, as only a folder's can, though there is content; it was not written.")
        : name;

    private static string[] Parts(string name, string shown)
    {
        var parts = name.Split('/').Where(p => p is not ("" or ".")).ToArray();
        var problem =
            name.StartsWith('/') ? "is absolute" :
            name.Contains('\0') ? "holds a NUL byte" :
            parts.Length == 0 ? "is empty" :
            parts.Contains("..") ? "leads outside with '..'" :
            Path.DirectorySeparatorChar == '\\' && name.AsSpan().ContainsAny('\\', ':') ? "holds a character Windows does not allow" :
            null;
        return problem is null
            ? parts
            : throw new BadUriException($"{Redacted.Of(shown)}: the name '{Redacted.Of(name)}' {problem}; it was not written.");
    }

    /// <summary>
    /// Makes the directories above <paramref name="path"/>, refusing symbolic links between it and <paramref name="directory"/>: they could lead
    /// outside.
    /// </summary>
    public static void MakeParents(string directory, string path)
    {
        LocalFiles.MakeDirectory(directory);
        var relative = Path.GetRelativePath(directory, path).Split(Path.DirectorySeparatorChar);
        var current = directory;
        foreach (var part in relative.SkipLast(1))
        {
            current = Path.Combine(current, part);
            var kind = FileKinds.Of(current);
            if (kind == FileKind.SymbolicLink)
                throw new BadUriException($"'{Redacted.Of(path)}' was not written: '{Redacted.Of(current)}' is a symbolic link.");
            if (kind != FileKind.Directory) LocalFiles.MakeDirectory(current);
        }
    }

    /// <summary>Whether all directories above <paramref name="path"/> are there, and none between it and <paramref name="directory"/> is a link.</summary>
    public static bool IsReal(string directory, string path)
    {
        for (var above = Path.GetDirectoryName(path)!; above.Length > directory.Length; above = Path.GetDirectoryName(above)!)
            if (FileKinds.Of(above) != FileKind.Directory) return false;
        return true;
    }
}
