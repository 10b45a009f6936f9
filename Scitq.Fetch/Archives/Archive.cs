using Scitq.Contracts;
using Scitq.Fetch.Local;

namespace Scitq.Fetch.Archives;

/// <summary>Unpacks what was fetched. Everything streams; a zip's directory is the only thing held in memory.</summary>
internal static class Archive
{
    /// <summary>Unpacks <paramref name="archive"/> below the new directory <paramref name="tree"/>.</summary>
    /// <exception cref="IntegrityException">It is damaged, hostile or not understood; the message names the entry.</exception>
    public static async Task UnpackAsync(
        UriActionKind kind, string archive, string name, string tree, string shown, UnpackLimits limits, ICollection<string> warnings, CancellationToken ct)
    {
        var budget = new UnpackBudget(limits, new FileInfo(archive).Length, tree, shown);
        var files = new ArchiveTree(tree, shown, budget, warnings);
        try
        {
            switch (kind)
            {
                case UriActionKind.Gunzip:
                    await GunzipAsync(archive, name, files, ct);
                    break;
                case UriActionKind.Untar:
                    await UntarAsync(archive, files, budget, shown, ct);
                    break;
                case UriActionKind.Unzip:
                    await ZipReader.UnpackAsync(archive, files, ct);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(kind), kind, "This action unpacks nothing.");
            }
        }
        catch (BadUriException e)
        {
            // A name or link refused by the rules for local names is the archive's fault, not the URI's.
            throw new IntegrityException(e.Message, e);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or NotSupportedException)
        {
            throw new IntegrityException($"{shown}: it could not be unpacked by {kind.ToString().ToLowerInvariant()}: {e.Message}", e);
        }
    }

    /// <summary>The name of what gunzip makes of a file; null where it has none.</summary>
    public static string? Gunzipped(string name) => name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) && name.Length > 3 ? name[..^3] : null;

    private static async Task GunzipAsync(string archive, string name, ArchiveTree files, CancellationToken ct)
    {
        await using var packed = Open(archive);
        if (packed.Length == 0) throw new InvalidDataException("it is empty.");
        await using var gzip = new Gunzip(packed);
        await files.FileAsync(Gunzipped(name)!, gzip, null, null, ct);
    }

    private static async Task UntarAsync(string archive, ArchiveTree files, UnpackBudget budget, string shown, CancellationToken ct)
    {
        if (await MagicAsync(archive, ct) is [(byte)'P', (byte)'K', 3 or 5, ..])
        {
            await ZipReader.UnpackAsync(archive, files, ct);
            return;
        }

        await using var packed = await Decompression.OpenAsync(archive, shown, ct);
        try
        {
            await new TarReader(packed.Stream, files, budget, shown).UnpackAsync(ct);
        }
        catch (IntegrityException e) when (e.InnerException is EndOfStreamException)
        {
            // If it was the decompressor that stopped early, then it knows better why.
            await packed.FinishAsync(ct);
            throw;
        }

        await packed.FinishAsync(ct);
    }

    internal static FileStream Open(string path) =>
        LocalFiles.Open(path, new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 1 << 16 });

    internal static async Task<byte[]> MagicAsync(string path, CancellationToken ct)
    {
        var first = new byte[6];
        await using var file = Open(path);
        return first[..await file.ReadAtLeastAsync(first, first.Length, throwOnEndOfStream: false, ct)];
    }
}
