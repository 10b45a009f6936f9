using System.Runtime.CompilerServices;
using Scitq.Contracts;
using Scitq.Fetch.Http;
using Scitq.Fetch.Transfers;
using Scitq.Fetch.Transports;

namespace Scitq.Fetch.Runs;

/// <summary>
/// <c>run+fastq://ACCESSION</c> and <c>run+submitted://ACCESSION</c>: the files of sequencing runs, from whichever public archive gives them first.
/// </summary>
internal sealed class RunTransport : ISetTransport
{
    // Between one method and the next lie seconds, not the hours that a single server would be waited for.
    private const int MethodAttempts = 4, MostRounds = 10;

    private readonly Services _services;
    private readonly EnaPortal _portal;
    private readonly Retrier _rounds;
    private readonly IRunMethod _ena, _aspera, _prefetch;
    private readonly SraCloud _cloud;

    public RunTransport(Services services, Web web, Func<DataUri, ITransport> transports)
    {
        var options = services.Options;
        _rounds = new Retrier(options with { Attempts = Math.Min(MostRounds, options.Attempts) }, services.Time);
        _services = services with { Retrier = new Retrier(options with { Attempts = Math.Min(MethodAttempts, options.Attempts) }, services.Time) };
        _portal = new EnaPortal(web, options.Archives, _services.Retrier, services.Idle);
        var (parts, toolkit) = (new PartReader(_services), new SraToolkit(_services));
        (_ena, _aspera) = (new EnaFiles(transports, _services, parts), new EnaAspera(_services));
        (_cloud, _prefetch) = (new SraCloud(transports, _services, parts, toolkit), new SraPrefetch(toolkit));
    }

    public TransportCapabilities Can => TransportCapabilities.Get | TransportCapabilities.List;

    public bool IsFolder(DataUri uri) => true;

    public Task<DataEntry?> StatAsync(DataUri uri, CancellationToken ct) => Task.FromResult<DataEntry?>(null);

    public Task<Stream> OpenAsync(DataEntry entry, long offset, long? length, CancellationToken ct) =>
        throw new UnsupportedTransferException(
            $"{Redacted.Of(entry.Uri)}: ENA has no such files of it, and what SRA has must be converted on a disk: fetch it to a directory first.");

    public async IAsyncEnumerable<DataEntry> ListAsync(DataUri folder, bool recursive, Action<LeftOut>? leftOut, [EnumeratorCancellation] CancellationToken ct)
    {
        var accession = Accession.Of(folder);
        var runs = await _portal.RunsAsync(folder, accession, Kind(folder), ct);
        if (runs.Count == 0)
        {
            var unknown = new WantedRun(folder, new SequenceRun(accession, []), false);
            var size = Kind(folder) == "fastq" && MethodsOf(folder).Contains(_cloud) && await _cloud.StatAsync(unknown, ct) is { } there
                ? there.Size
                : throw new DataNotFoundException($"{Redacted.Of(folder)}: unknown to ENA.");
            runs = [unknown.Run with { SraSize = size }];
        }

        var fromEna = MethodsOf(folder).Any(m => m == _ena || m == _aspera);
        foreach (var run in runs)
        {
            var wanted = new WantedRun(folder, run, FirstReads(folder));
            foreach (var file in fromEna ? wanted.Files : [])
                yield return new DataEntry
                    { Uri = EnaFiles.Place(file, _services.Options.Archives), Name = file.Name, Size = file.Size, Md5 = file.Md5,
                    IsMd5Sure = file.Md5 is not null };
            // Which FASTQ files come out of it shows only then.
            if (Kind(folder) == "fastq" && (!fromEna || wanted.Files.Count == 0))
                yield return new DataEntry { Uri = folder.At(run.Accession), Name = run.Accession + ".sra", Size = run.SraSize, Md5 = run.SraMd5 };
        }
    }

    public async Task<TransferResult> FetchAsync(DataUri uri, string directory, Meter meter, CancellationToken ct)
    {
        var fetch = new RunFetch(uri, Accession.Of(uri), directory, MethodsOf(uri), meter);
        return await _rounds.RunAsync(uri, c => RoundAsync(fetch, c), ct, () => fetch.Done);
    }

    private async Task<TransferResult> RoundAsync(RunFetch fetch, CancellationToken ct)
    {
        await FindAsync(fetch, ct);
        foreach (var run in fetch.Runs!)
            await fetch.TryAsync(new WantedRun(fetch.Uri, run, FirstReads(fetch.Uri)), _services.Options.Notice, ct);
        return fetch.Result();
    }

    /// <summary>Which runs there are, as far as ENA tells; a run that it does not know may still be in SRA.</summary>
    private async Task FindAsync(RunFetch fetch, CancellationToken ct)
    {
        if (fetch.IsFound) return;
        var sra = Accession.IsRun(fetch.Accession) && fetch.Methods.Contains(_cloud);
        if (sra && fetch.Methods.All(m => m == _cloud || m == _prefetch))
        {
            fetch.Found([new SequenceRun(fetch.Accession, [])]);
            return;
        }

        try
        {
            var runs = await _portal.RunsAsync(fetch.Uri, fetch.Accession, Kind(fetch.Uri), ct);
            if (runs.Count > 0) fetch.Found(runs);
            else if (sra) fetch.Found([new SequenceRun(fetch.Accession, [])], [_ena, _aspera], new DataNotFoundException("unknown to ENA."));
            else throw new DataNotFoundException($"{Redacted.Of(fetch.Uri)}: unknown to ENA. Check the accession.");
        }
        catch (TransferExhaustedException e) when (sra)
        {
            fetch.Guess([new SequenceRun(fetch.Accession, [])], e);
        }
        catch (FetchException e) when (sra && e is not BadUriException)
        {
            fetch.Found([new SequenceRun(fetch.Accession, [])], [_ena, _aspera], e);
        }
        catch (TransferExhaustedException e)
        {
            throw new TransientException($"ENA does not answer ({RunFetch.Reason(e, fetch.Uri).TrimEnd('.')}).", e);
        }
    }

    private IReadOnlyList<IRunMethod> MethodsOf(DataUri uri)
    {
        var forced = uri.Options.SelectMany(o => o switch
        {
            "ftp" => new[] { _ena },
            "aspera" => [_aspera],
            "sra" => [_cloud, _prefetch],
            _ => [],
        }).Distinct().ToArray();
        return forced.Length > 0 ? forced : Kind(uri) == "fastq" ? [_ena, _cloud, _prefetch] : [_ena];
    }

    private static string Kind(DataUri uri) => uri.Scheme["run+".Length..];

    private static bool FirstReads(DataUri uri) => uri.Options.Contains("filter_r1");
}
