using Scitq.Fetch.Local;
using Scitq.Fetch.Programs;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Runs;

/// <summary>ENA's files by Aspera. Only when it is asked for: it needs a program that is not free, and a login that ENA has changed before.</summary>
internal sealed class EnaAspera(Services services) : IRunMethod
{
    private readonly Ascp _ascp = new(services);

    public string Name => "aspera";

    public async Task<IReadOnlyList<TransferredFile>> FetchAsync(WantedRun wanted, string folder, Meter meter, CancellationToken ct)
    {
        if (wanted.Files.Count == 0 || wanted.Files.Any(f => f.Aspera is null))
            throw new DataNotFoundException($"{wanted.Shown}: ENA has no such files of it on its Aspera server.");
        var fetched = new List<TransferredFile>();
        foreach (var file in wanted.Files)
        {
            meter.Expect(file.Size);
            var target = LocalName.Resolve(folder, file.Name, wanted.Uri.Text);
            LocalName.MakeParents(folder, target);
            if (await FileCheck.IsWholeAsync(target, file, ct) is null)
            {
                await _ascp.FetchAsync(wanted.Uri, $"{services.Options.Archives.EnaAspera}:{file.Aspera}", target, isPublic: true, ct);
                if (await FileCheck.ProblemAsync(target, file, ct) is { } problem)
                {
                    File.Delete(target);
                    throw new IntegrityException($"{wanted.Shown}: {file.Name}: {problem}.");
                }
            }

            fetched.Add(new TransferredFile(file.Name, new FileInfo(target).Length, file.Md5));
            meter.Moved(fetched[^1].Size);
            meter.FileDone();
        }

        return fetched;
    }
}
