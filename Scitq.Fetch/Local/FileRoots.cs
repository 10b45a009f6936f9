using Scitq.Contracts;

namespace Scitq.Fetch.Local;

/// <summary>Keeps <c>file://</c> below the allowed directories, whatever links lie on the way.</summary>
internal sealed class FileRoots(IReadOnlyList<string> roots)
{
    private const int MostLinks = 40;
    private readonly string[] _roots = [.. roots.Select(r => Real(r).TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar)];

    /// <exception cref="AccessDeniedException">The path is, in truth, elsewhere.</exception>
    public void Check(DataUri uri)
    {
        if (_roots.Length > 0) Check(uri, Real(uri.Path));
    }

    /// <summary>Whether what was opened is below them: since the path was checked, somebody may have put a link into it.</summary>
    /// <exception cref="AccessDeniedException">It is elsewhere.</exception>
    public void CheckOpened(FileStream file, DataUri uri)
    {
        if (_roots.Length == 0 || !OperatingSystem.IsLinux()) return;
        try
        {
            Check(uri, new FileInfo($"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}").LinkTarget ?? "/");
        }
        catch (AccessDeniedException)
        {
            file.Dispose();
            throw;
        }
    }

    private void Check(DataUri uri, string path)
    {
        var real = path.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar;
        if (!_roots.Any(r => real.StartsWith(r, StringComparison.Ordinal)))
            throw new AccessDeniedException($"{Redacted.Of(uri)}: file:// is only allowed below {string.Join(", ", roots)} here.");
    }

    /// <summary>The path with every link on the way resolved; what does not exist yet is kept as it is.</summary>
    internal static string Real(string path)
    {
        var todo = new Stack<string>(Path.GetFullPath(path).Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse());
        var done = Path.GetPathRoot(Path.GetFullPath(path))!;
        for (var links = 0; todo.TryPop(out var part);)
        {
            if (part == "..")
            {
                done = Path.GetDirectoryName(done) ?? done;
                continue;
            }

            var next = Path.Combine(done, part);
            if (LocalFiles.LinkTarget(next) is not { } target)
            {
                done = next;
                continue;
            }

            if (++links > MostLinks) throw new IOException($"'{path}' goes through more than {MostLinks} symbolic links.");
            if (Path.IsPathRooted(target)) done = Path.GetPathRoot(target)!;
            foreach (var piece in target.Split(Path.DirectorySeparatorChar).Where(p => p is not ("" or ".")).Reverse())
                todo.Push(piece);
        }

        return done;
    }
}
