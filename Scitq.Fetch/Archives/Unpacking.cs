using Scitq.Contracts;
using Scitq.Fetch.Local;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Archives;

/// <summary>
/// Fetches an archive and leaves only its content: 1. into a hidden file that names its version, so that a second run does not fetch again;
/// 2. unpacked into a hidden directory; 3. what that holds is moved into place; 4. both are deleted. Killed in between, a second run repeats from 2.
/// </summary>
internal sealed class Unpacking(FetchOptions options, IFileDownload download)
{
    public async Task<TransferredFile> GetAsync(
        DataEntry entry, UriActionKind kind, string directory, string target, string name, ICollection<string> warnings, CancellationToken ct)
    {
        var packed = Path.ChangeExtension(PartFile.NameFor(target, "packed"), ".packed");
        var tree = Path.ChangeExtension(packed, ".tree");
        try
        {
            // Left by a run that was killed while unpacking: taken up as a part that only needs to be verified.
            if (FileKinds.Of(packed) == FileKind.File) LocalFiles.Move(packed, download.PartOf(entry, packed));
            var fetched = await download.ToFileAsync(entry, packed, name, ct);
            TreeRemoval.Remove(tree, ct);
            LocalFiles.MakeDirectory(tree);
            await Archive.UnpackAsync(kind, packed, name, tree, Redacted.Of(entry.Uri), options.Unpack, warnings, ct);
            RefuseConflicts(tree, directory, entry.Uri);
            Merge(tree, directory, ct);
            LocalFiles.Delete(packed);
            return fetched;
        }
        catch (Exception e) when (e is not OperationCanceledException && !(e is IOException io && LocalErrors.IsFull(io)))
        {
            // A damaged or hostile archive is not kept. One that a lost connection kept from coming is still a part file, and one that found no room
            // can be tried again.
            LocalFiles.Delete(packed);
            throw;
        }
        finally
        {
            TreeRemoval.Remove(tree, CancellationToken.None);
        }
    }

    /// <summary>Existing files are replaced, but no directory with something in it by a file, and no device.</summary>
    private static void RefuseConflicts(string tree, string directory, DataUri source)
    {
        foreach (var name in LocalFiles.NamesIn(tree))
        {
            var target = Path.Combine(directory, name);
            var (ours, theirs) = (FileKinds.Of(Path.Combine(tree, name)), FileKinds.Of(target));
            if (theirs != FileKind.Directory) PartFile.RefuseOther(target, source);
            else if (ours == FileKind.Directory) RefuseConflicts(Path.Combine(tree, name), target, source);
            else if (LocalFiles.NamesIn(target).Any()) PartFile.RefuseOther(target, source);
        }
    }

    private static void Merge(string tree, string directory, CancellationToken ct)
    {
        // All names first: what is moved away while a directory is read may be read twice, or something else not at all.
        foreach (var name in LocalFiles.NamesIn(tree).ToArray())
        {
            ct.ThrowIfCancellationRequested();
            var (from, to) = (Path.Combine(tree, name), Path.Combine(directory, name));
            var (ours, theirs) = (FileKinds.Of(from), FileKinds.Of(to));
            if (ours == FileKind.Directory && theirs == FileKind.Directory)
            {
                Merge(from, to, ct);
                continue;
            }

            // The later source wins; only an empty directory makes room for a file.
            if (theirs == FileKind.Directory) LocalFiles.DeleteDirectory(to);
            else if (theirs is not FileKind.Missing) LocalFiles.Delete(to);
            if (ours == FileKind.Directory) LocalFiles.MoveDirectory(from, to);
            else LocalFiles.Move(from, to);
        }
    }
}
