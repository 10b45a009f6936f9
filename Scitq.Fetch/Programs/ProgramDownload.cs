using System.Security.Cryptography;
using Scitq.Fetch.Archives;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Programs;

/// <summary>Lets a program fetch a file into its part file, verifies that against what the server said, and gives it its name.</summary>
internal abstract class ProgramDownload(Services services, Meter meter) : IFileDownload
{
    private readonly OldParts _old = new();

    protected Services Services => services;

    // Not the name the library's own parts have: a program may fill a file from several places, and one of those must not be taken for a beginning.
    public string PartOf(DataEntry entry, string target) => PartFile.NameFor(target, $"{GetType().Name} {entry.Uri.Scheme}://{entry.Uri.Path} {entry.Version}");

    public async Task<TransferredFile> ToFileAsync(DataEntry entry, string target, string name, CancellationToken ct)
    {
        var part = PartOf(entry, target);
        PartFile.RefuseOther(target, entry.Uri);
        long size;
        await using (PartLock.TryTake(part)
            ?? throw new TransferExhaustedException($"{Redacted.Of(entry.Uri)}: another process is fetching it to the same place ('{part}')."))
        {
            await RunAsync(entry, part, ct);
            size = new FileInfo(part).Length;
            var problem = entry.Size is { } expected && size != expected ? $"{size} bytes arrived instead of {expected}"
                : entry.Md5 is { } known && await Md5Async(part, ct) is var md5 && md5 != known ? $"what arrived has the MD5 {md5} instead of {known}" : null;
            if (problem is not null)
            {
                PartFile.Delete(part);
                throw new IntegrityException($"{Redacted.Of(entry.Uri)}: {problem}; nothing was kept.");
            }

            if (entry.Modified is { } modified) File.SetLastWriteTimeUtc(part, modified.UtcDateTime);
            PartFile.Publish(part, target, entry.Uri);
            meter.Moved(size);
            PartFile.Delete(part);
        }

        _old.Remove(target);
        return new TransferredFile(name, size, entry.Md5);
    }

    /// <summary>Runs the program until the part file is whole, as far as it can tell.</summary>
    protected abstract Task RunAsync(DataEntry entry, string part, CancellationToken ct);

    private static async Task<string> Md5Async(string path, CancellationToken ct)
    {
        await using var file = Archive.Open(path);
#pragma warning disable CA5351 // MD5 is what servers publish; it guards against accidents here, not against attackers.
        return Convert.ToHexStringLower(await MD5.HashDataAsync(file, ct));
#pragma warning restore CA5351
    }
}
