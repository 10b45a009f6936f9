using Scitq.Contracts;
using Scitq.Fetch.Transfers;
using Scitq.Fetch.Transports;

namespace Scitq.Fetch.Runs;

/// <summary>SRA's open data on AWS, which needs no account, and fasterq-dump.</summary>
internal sealed class SraCloud(Func<DataUri, ITransport> transports, Services services, PartReader parts, SraToolkit toolkit) : IRunMethod
{
    public string Name => "sra-cloud";

    public async Task<IReadOnlyList<TransferredFile>> FetchAsync(WantedRun wanted, string folder, Meter meter, CancellationToken ct)
    {
        toolkit.Require(wanted, prefetch: false);
        var accession = wanted.Run.Accession;
        var entry = await StatAsync(wanted, ct) ?? throw new DataNotFoundException($"{wanted.Shown}: it is not in SRA's open data.");
        var fetched = Directory.CreateDirectory(Path.Combine(folder, "fetched")).FullName;
        var file = Path.Combine(fetched, accession);
        meter.Expect(entry.Size);
        // fasterq-dump may have been what failed or was killed: then it is here already, unless what killed it has damaged it.
        if (!File.Exists(file) || new FileInfo(file).Length != entry.Size || await toolkit.ProblemAsync(wanted, folder, $"fetched/{accession}", ct) is not null)
            await new Download(transports(entry.Uri), services.Retrier, parts, services.Idle, meter).ToFileAsync(entry, file, accession, ct);
        else meter.Moved(entry.Size.Value);
        meter.FileDone();
        try
        {
            return await toolkit.FastqAsync(wanted, folder, $"fetched/{accession}", ct);
        }
        catch (IntegrityException)
        {
            File.Delete(file);
            throw;
        }
    }

    /// <summary>The run's file there; null when there is none.</summary>
    public async Task<DataEntry?> StatAsync(WantedRun wanted, CancellationToken ct)
    {
        var accession = wanted.Run.Accession;
        if (!Accession.IsRun(accession)) return null;
        var place = DataUri.Parse($"{services.Options.Archives.SraCloud.TrimEnd('/')}/{accession}/{accession}");
        return await services.Retrier.RunAsync(place, c => services.Idle.GuardAsync(async g => await transports(place).StatAsync(place, g), c).AsTask(), ct);
    }
}
