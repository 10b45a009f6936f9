using System.Collections.Concurrent;
using Scitq.Contracts;
using Scitq.Fetch.Local;
using Scitq.Fetch.Transfers;
using Scitq.Fetch.Transports;

namespace Scitq.Fetch;

public sealed partial class Fetcher
{
    /// <summary>
    /// Uploads a local file, or everything below a local folder with its relative names. A file's destination that ends with a slash gets the file's name,
    /// otherwise it is the object's exact name; a folder's destination is a folder either way. Symbolic links are never followed, FIFOs, sockets and
    /// devices never opened, empty folders left out: each is a warning of the result. Existing objects are replaced.
    /// </summary>
    /// <param name="source">A path, not a URI.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="ct">Stops it.</param>
    /// <returns>The files that were delivered, with names relative to the destination folder, sizes and MD5s.</returns>
    /// <exception cref="DataNotFoundException">There is no such file or folder, bucket or container.</exception>
    /// <exception cref="UnsupportedTransferException">The scheme cannot be written to, or a file's name is not UTF-8.</exception>
    /// <exception cref="IntegrityException">The store holds something else than was read, or a file changed meanwhile.</exception>
    /// <exception cref="FetchException">Anything else, by class. Of several files, those without a fault are delivered.</exception>
    public async Task<TransferResult> PutAsync(string source, DataUri destination, IProgress<TransferProgress>? progress = null, CancellationToken ct = default)
    {
        destination = Place(destination);
        CheckDestination(destination);
        var transport = _schemes.For(destination);
        var meter = new Meter(progress, _time);
        var upload = new Upload(transport, _retrier, meter);
        try
        {
            var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(source));
            var result = FileKinds.Of(path) switch
            {
                FileKind.Directory => await PutFolderAsync(path, destination.AsFolder(), upload, meter, ct),
                FileKind.File => await PutFileAsync(path, destination, upload, meter, ct),
                FileKind.Missing => throw new DataNotFoundException($"'{Redacted.Of(source)}' does not exist: nothing was uploaded."),
                var kind => throw new UnsupportedTransferException($"'{Redacted.Of(source)}' is {kind.InWords()}, which is not uploaded."),
            };
            meter.Report();
            return result;
        }
        catch (Exception e) when (LocalErrors.Classify(e, source) is { } local)
        {
            throw local;
        }
    }

    private static async Task<TransferResult> PutFileAsync(string path, DataUri destination, Upload upload, Meter meter, CancellationToken ct)
    {
        var name = destination.IsFolder ? Path.GetFileName(path) : destination.Path[(destination.Path.LastIndexOf('/') + 1)..];
        meter.Expect(FileFacts.Of(path).Size);
        return new TransferResult
            { Files = [await upload.FromFileAsync(path, destination.IsFolder ? destination.At(destination.Path + name) : destination, name, ct)] };
    }

    private async Task<TransferResult> PutFolderAsync(string path, DataUri destination, Upload upload, Meter meter, CancellationToken ct)
    {
        RefuseInto(DataUri.ForFile(path).AsFolder(), destination);
        var warnings = new List<string>();
        var files = new ConcurrentBag<TransferredFile>();
        var failures = new Failures();
        var tree = LocalTree.Walk(path, recursive: true, ct, (name, what) => warnings.Add(new LeftOut(name, what).ToString()));
        await Parallel.ForEachAsync(tree, new ParallelOptions { MaxDegreeOfParallelism = _options.Files, CancellationToken = ct }, async (found, c) =>
        {
            meter.Expect(found.Facts.Size);
            await failures.CatchAsync(found.Path, async () =>
            {
                if (!ByteName.IsText(found.Name)) throw ByteName.Refused(found.Name, "the list of what was delivered");
                files.Add(await upload.FromFileAsync(found.Path, destination.At(destination.Path + found.Name), found.Name, c));
            });
        });
        var result = new TransferResult { Files = [.. files.OrderBy(f => f.Name, StringComparer.Ordinal)], Warnings = warnings };
        failures.ThrowIfAny(result);
        return result;
    }

    /// <summary>Refuses to copy a folder into itself, which would have no end.</summary>
    private static void RefuseInto(DataUri source, DataUri destination)
    {
        if (IsInside(destination, source))
            throw new BadUriException($"{Redacted.Of(destination)} is inside of {Redacted.Of(source)}, which cannot be copied into itself.");
    }

    private static bool IsInside(DataUri place, DataUri folder)
    {
        if (place.Scheme != folder.Scheme) return false;
        var (inner, outer) = place.Scheme == "file" ? (Real(place), Real(folder)) : (place.Path, folder.Path);
        return inner.Length > outer.Length && inner.StartsWith(outer, StringComparison.Ordinal);

        static string Real(DataUri uri) => FileRoots.Real(uri.Path).TrimEnd('/') + "/";
    }

    /// <summary>Where an entry goes below a destination. Where names are paths, it may not lead elsewhere.</summary>
    private static DataUri Below(DataUri destination, DataEntry entry) => destination.At(destination.Scheme switch
    {
        "file" => LocalName.OfFile(destination.Path, entry.Name, entry.Uri.Text),
        "ftp" => destination.Path + LocalName.Relative(entry.Name, entry.Uri.Text),
        _ => destination.Path + entry.Name,
    });

    private void CheckDestination(DataUri destination)
    {
        Require(destination, TransportCapabilities.Put, "written to");
        if (destination.Action is not null) throw new BadUriException($"{Redacted.Of(destination)}: a destination takes no action ('|{destination.Action}').");
    }
}
