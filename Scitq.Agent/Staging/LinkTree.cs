using Scitq.Fetch.Local;

namespace Scitq.Agent.Staging;

/// <summary>The same files in another directory, without copying them.</summary>
internal static class LinkTree
{
    private const UnixFileMode SetIds = UnixFileMode.SetUser | UnixFileMode.SetGroup;

    /// <summary>What is there under the same name gives way, but directories are merged.</summary>
    public static void Make(string from, string to, CancellationToken ct)
    {
        // Read by whoever the task runs as: the attempt's own directory above is closed.
        if (FileKinds.Of(to, follow: true) != FileKind.Directory)
        {
            LocalFiles.MakeDirectory(to);
            LocalFiles.SetMode(to, (UnixFileMode)0b111_101_101);
        }

        foreach (var name in LocalFiles.NamesIn(from))
        {
            ct.ThrowIfCancellationRequested();
            var (entry, target) = (Path.Combine(from, name), Path.Combine(to, name));
            var facts = FileFacts.Of(entry);
            // A task has reached the file by a link and made it a program with the agent's rights.
            if (facts.Kind == FileKind.File && (facts.Mode & SetIds) != 0) LocalFiles.SetMode(entry, facts.Mode & ~SetIds);
            if (FileKinds.Of(target) != FileKind.Directory) LocalFiles.Delete(target);
            else if (facts.Kind != FileKind.Directory) TreeRemoval.Remove(target, ct);
            if (facts.Kind == FileKind.SymbolicLink && LocalFiles.LinkTarget(entry) is { } link) LocalFiles.SymbolicLink(target, link);
            else if (facts.Kind == FileKind.Directory) Make(entry, target, ct);
            // Another file system, or one without links: a copy does as well.
            else if (!LocalFiles.HardLink(entry, target)) LocalFiles.Copy(entry, target);
        }
    }
}
