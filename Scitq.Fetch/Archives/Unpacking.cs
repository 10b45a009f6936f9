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
    public async Task<TransferredFile> GetAsync(DataEntry entry, UriActionKind kind, string directory, string target, string name, ICollection<string> warnings, CancellationToken ct)
    {
        var packed = Path.ChangeExtension(PartFile.NameFor(target, "packed"), ".packed");
        var tree = Path.ChangeExtension(packed, ".tree");
        try
        {
            // Left by a run that was killed while unpacking: taken up as a part that only needs to be verified.
            if (File.Exists(packed)) File.Move(packed, download.PartOf(entry, packed), overwrite: true);
            var fetched = await download.ToFileAsync(entry, packed, name, ct);
            Remove(tree);
            Directory.CreateDirectory(tree);
            await Archive.UnpackAsync(kind, packed, name, tree, Redacted.Of(entry.Uri), options.Unpack, warnings, ct);
            RefuseConflicts(tree, directory, entry.Uri);
            Merge(tree, directory, ct);
            File.Delete(packed);
            return fetched;
        }
        catch (FetchException)
        {
            // A damaged or hostile archive is not kept; one that a full disk or a lost connection kept from coming is still a part file.
            File.Delete(packed);
            throw;
        }
        finally
        {
            Remove(tree);
        }
    }

    /// <summary>Existing files are replaced, but no directory with something in it by a file, and no device.</summary>
    private static void RefuseConflicts(string tree, string directory, DataUri source)
    {
        foreach (var info in new DirectoryInfo(tree).GetFileSystemInfos())
        {
            var target = Path.Combine(directory, info.Name);
            var (ours, theirs) = (FileKinds.Of(info.FullName), FileKinds.Of(target));
            if (theirs != FileKind.Directory) PartFile.RefuseOther(target, source);
            else if (ours == FileKind.Directory) RefuseConflicts(info.FullName, target, source);
            else if (Directory.EnumerateFileSystemEntries(target).Any()) PartFile.RefuseOther(target, source);
        }
    }

    private static void Merge(string tree, string directory, CancellationToken ct)
    {
        foreach (var info in new DirectoryInfo(tree).GetFileSystemInfos())
        {
            ct.ThrowIfCancellationRequested();
            var target = Path.Combine(directory, info.Name);
            var (ours, theirs) = (FileKinds.Of(info.FullName), FileKinds.Of(target));
            if (ours == FileKind.Directory && theirs == FileKind.Directory)
            {
                Merge(info.FullName, target, ct);
                continue;
            }

            // The later source wins; only an empty directory makes room for a file.
            if (theirs == FileKind.Directory) Directory.Delete(target);
            else if (theirs is not FileKind.Missing) File.Delete(target);
            if (ours == FileKind.Directory) Directory.Move(info.FullName, target);
            else File.Move(info.FullName, target);
        }
    }

    private static void Remove(string tree)
    {
        if (Directory.Exists(tree)) Directory.Delete(tree, recursive: true);
    }
}
