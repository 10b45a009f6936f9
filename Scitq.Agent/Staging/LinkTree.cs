using Scitq.Fetch.Local;

namespace Scitq.Agent.Staging;

/// <summary>The same files in another directory, without copying them.</summary>
internal static class LinkTree
{
    /// <summary>What is there under the same name gives way, but directories are merged.</summary>
    public static void Make(string from, string to, CancellationToken ct)
    {
        Files.MakeDirectory(to);
        foreach (var name in Files.NamesIn(from))
        {
            ct.ThrowIfCancellationRequested();
            var (entry, target) = (Path.Combine(from, name), Path.Combine(to, name));
            var kind = FileKinds.Of(entry);
            if (FileKinds.Of(target) != FileKind.Directory) Files.Delete(target);
            else if (kind != FileKind.Directory) Files.DeleteTree(target);
            if (kind == FileKind.SymbolicLink && Files.LinkTarget(entry) is { } link) Files.SymbolicLink(target, link);
            else if (kind == FileKind.Directory) Make(entry, target, ct);
            // Another file system, or one without links: a copy does as well.
            else if (!Files.HardLink(entry, target)) Files.Copy(entry, target);
        }
    }
}
