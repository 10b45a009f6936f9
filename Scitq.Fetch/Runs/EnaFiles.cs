using Scitq.Contracts;
using Scitq.Fetch.Local;
using Scitq.Fetch.Transfers;
using Scitq.Fetch.Transports;

namespace Scitq.Fetch.Runs;

/// <summary>ENA's own files, by HTTPS or FTP: continued, and verified with the MD5 of ENA's report while they come.</summary>
internal sealed class EnaFiles(Func<DataUri, ITransport> transports, Services services, PartReader parts) : IRunMethod
{
    public string Name => "ena";

    public async Task<IReadOnlyList<TransferredFile>> FetchAsync(WantedRun wanted, string folder, Meter meter, CancellationToken ct)
    {
        if (wanted.Files.Count == 0) throw new DataNotFoundException($"{wanted.Shown}: ENA has no such files of it.");
        var fetched = new TransferredFile[wanted.Files.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, fetched.Length),
            new ParallelOptions { MaxDegreeOfParallelism = services.Options.Files, CancellationToken = ct },
            async (i, c) => fetched[i] = await FetchAsync(wanted.Files[i], folder, meter, c));
        return fetched;
    }

    /// <summary>Where a file is.</summary>
    public static DataUri Place(RunFile file, ArchiveOptions options)
    {
        var slash = file.Address.IndexOf('/', StringComparison.Ordinal);
        var root = options.EnaFiles?.TrimEnd('/') ?? $"https://{(slash < 0 ? file.Address : file.Address[..slash])}";
        if (slash <= 0 || !DataUri.TryParse(root + "/", out var host, out _))
            throw new BadUriException($"ENA's report names '{Redacted.Of(file.Address)}', which is no place of a file.");
        // A report has names as they are on disk; a URL has a meaning of its own for some of their characters.
        var path = file.Address[slash..];
        return host.At(host.Path.TrimEnd('/') + (host.Scheme == "ftp" ? path : string.Join('/', path.Split('/').Select(Uri.EscapeDataString))));
    }

    private async Task<TransferredFile> FetchAsync(RunFile file, string folder, Meter meter, CancellationToken ct)
    {
        var place = Place(file, services.Options.Archives);
        var transport = transports(place);
        var target = LocalName.Resolve(folder, file.Name, place.Text);
        LocalName.MakeParents(folder, target);
        meter.Expect(file.Size);
        if (await FileCheck.IsWholeAsync(target, file, ct) is { } whole)
        {
            meter.Moved(whole.Size);
            meter.FileDone();
            return whole;
        }

        var entry = await services.Retrier.RunAsync(place, c => services.Idle.GuardAsync(async g => await transport.StatAsync(place, g), c).AsTask(), ct)
            ?? throw new DataNotFoundException($"{Redacted.Of(place)}: nothing is there, though ENA's report names it.");
        if (entry.Size is { } size && file.Size is { } expected && size != expected)
            throw new IntegrityException($"{Redacted.Of(place)}: the server has {size} bytes and ENA's report says {expected}.");
        entry = entry with { Size = file.Size ?? entry.Size, Md5 = file.Md5, IsMd5Sure = file.Md5 is not null };
        var fetched = await new Download(transport, services.Retrier, parts, services.Idle, meter).ToFileAsync(entry, target, file.Name, ct);
        meter.FileDone();
        return fetched;
    }
}
