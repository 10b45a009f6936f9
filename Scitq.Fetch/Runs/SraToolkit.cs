using System.IO.Compression;
using System.Text.RegularExpressions;
using Scitq.Fetch.Archives;
using Scitq.Fetch.Programs;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Runs;

/// <summary>The SRA toolkit: fetches runs by its own means, and makes compressed FASTQ files of them.</summary>
internal sealed partial class SraToolkit(Services services)
{
    private const string Install = "install the SRA toolkit (Debian: sra-toolkit), or name an image in SCITQ_SRA_IMAGE";
    private static readonly string Threads = Math.Clamp(Environment.ProcessorCount, 1, 16).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private readonly ExternalProgram _prefetch = new(services.Options.Programs.Prefetch, services.Options.Programs.SraImage, services.Options.Programs.Docker);
    private readonly ExternalProgram _validate = new(
        services.Options.Programs.VdbValidate, services.Options.Programs.SraImage, services.Options.Programs.Docker);
    private readonly ExternalProgram _dump = new(services.Options.Programs.FasterqDump, services.Options.Programs.SraImage, services.Options.Programs.Docker);
    private readonly ExternalProgram _pigz = new(services.Options.Programs.Pigz, null, services.Options.Programs.Docker);

    /// <summary>Asked for before hours of fetching what nothing could be made of.</summary>
    /// <exception cref="UnsupportedTransferException">A program is not there.</exception>
    public void Require(WantedRun wanted, bool prefetch)
    {
        _dump.Require(wanted.Shown, Install);
        if (prefetch) _prefetch.Require(wanted.Shown, Install);
    }

    /// <summary>Fetches a run with prefetch, which continues what it finds; returns what it wrote, relative to the folder.</summary>
    public async Task<string> PrefetchAsync(WantedRun wanted, string folder, CancellationToken ct)
    {
        var accession = wanted.Run.Accession;
        var target = Directory.CreateDirectory(Path.Combine(folder, "fetched")).FullName;
        var end = await services.Retrier.RunAsync(wanted.Uri, c => Growth.WatchAsync(services.Idle, services.Time, folder, null,
            async d =>
            {
                // A prefetch that was killed leaves its lock, and every other refuses to go on. Here is no other.
                foreach (var stale in Directory.EnumerateFiles(target, "*.lock", SearchOption.AllDirectories)) File.Delete(stale);
                // The limit of 20 GB that it has otherwise is none of ours.
                var tried = await _prefetch.RunAsync(wanted.Shown, ["--max-size", "9999999999999", "--output-directory", "fetched", accession], folder, d);
                if (tried.Code == 0) return tried;
                if (Unknown().IsMatch(tried.Output)) throw new DataNotFoundException($"{wanted.Shown}: unknown to SRA ({Why(tried)}).");
                // A file that is whole by its name, but so damaged that prefetch cannot open it, would be in the way of every later try.
                if (Directory.EnumerateFiles(target, "*.sra*", SearchOption.AllDirectories)
                    .FirstOrDefault(f => f.EndsWith(".sra", StringComparison.Ordinal) || f.EndsWith(".sralite", StringComparison.Ordinal)) is { } left
                    && await ProblemAsync(wanted, folder, Path.GetRelativePath(folder, left), d) is not null) File.Delete(left);
                throw new TransientException($"prefetch ended with code {tried.Code}: {Why(tried)}");
            }, c), ct);
        string[] places = [$"fetched/{accession}", $"fetched/{accession}.sra", $"fetched/{accession}.sralite"];
        return places.FirstOrDefault(p => Path.Exists(Path.Combine(folder, p)))
            ?? throw new IntegrityException($"{wanted.Shown}: prefetch ended without a fault and without a file ({Why(end)}).");
    }

    /// <summary>
    /// The defect of a fetched run, null when there is none: fasterq-dump makes FASTQ of damaged reads without a word. Null also where there is nothing to
    /// look with.
    /// </summary>
    public async Task<string?> ProblemAsync(WantedRun wanted, string folder, string fetched, CancellationToken ct)
    {
        if (!_validate.IsThere) return null;
        try
        {
            var end = await _validate.RunAsync(wanted.Shown, ["./" + fetched], folder, ct);
            return end.Code == 0 ? null : $"vdb-validate ended with code {end.Code}: {Why(end)}";
        }
        catch (UnsupportedTransferException)
        {
            // The image has none.
            return null;
        }
    }

    /// <summary>Turns a fetched run into FASTQ, named as ENA does: both reads of a pair as <c>_1</c> and <c>_2</c>, single ones without.</summary>
    public async Task<IReadOnlyList<TransferredFile>> FastqAsync(WantedRun wanted, string folder, string fetched, CancellationToken ct)
    {
        var made = Directory.CreateDirectory(Path.Combine(folder, "fastq")).FullName;
        foreach (var old in Directory.EnumerateFiles(made)) File.Delete(old);
        var end = await _dump.RunAsync(wanted.Shown,
            ["--split-3", "--force", "--threads", Threads, "--temp", "temporary", "--outdir", "fastq", "./" + fetched], folder, ct);
        if (end.Code != 0 && Full().IsMatch(end.Output)) throw new DiskFullException($"{wanted.Shown}: fasterq-dump needs more room on the disk: {Why(end)}");
        if (end.Code != 0) throw new IntegrityException($"{wanted.Shown}: fasterq-dump ended with code {end.Code}: {Why(end)}");
        var names = Directory.GetFiles(made, "*.fastq").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal).ToArray();
        if (names.Length == 0) throw new IntegrityException($"{wanted.Shown}: fasterq-dump made no FASTQ file ({Why(end)}).");
        var files = new List<TransferredFile>();
        foreach (var name in wanted.FirstReads ? ReadFilter.Keep(names, n => n) : names)
            files.Add(await CompressAsync(wanted, folder, made, name, ct));
        return files;
    }

    /// <summary>The line in which a program of the toolkit tells its failure: neither what it is about to do, nor the rule that its last line may be.</summary>
    internal static string Why(ProgramEnd end)
    {
        var lines = end.Output.Split('\n', '\r').Select(l => Line().Match(l)).Where(l => l.Success).ToArray();
        var said = lines.LastOrDefault(l => l.Groups["level"].Success)
            ?? lines.LastOrDefault(l => !l.Groups["program"].Success)
            ?? lines.LastOrDefault(l => Complaint().IsMatch(l.Value));
        return said is null ? "it did not say why; mostly the network cannot be reached" : Redacted.Of(said.Groups["text"].Value.Trim());
    }

    private async Task<TransferredFile> CompressAsync(WantedRun wanted, string folder, string made, string name, CancellationToken ct)
    {
        var (from, to) = (Path.Combine(made, name), Path.Combine(folder, name + ".gz"));
        if (_pigz.IsThere)
        {
            var end = await _pigz.RunAsync(wanted.Shown, ["--no-name", "--force", "--", name], made, ct);
            if (end.Code != 0) throw new TransferExhaustedException($"{wanted.Shown}: pigz ended with code {end.Code}: {Why(end)}");
            File.Move(from + ".gz", to, overwrite: true);
        }
        else
        {
            await using (var source = Archive.Open(from))
            await using (var target = new GZipStream(File.Create(to), CompressionLevel.Optimal))
                await source.CopyToAsync(target, 1 << 20, ct);
            File.Delete(from);
        }

        return new TransferredFile(name + ".gz", new FileInfo(to).Length, null);
    }

    // 2026-11-27T09:37:08 prefetch.3.0.3 err: …
    [GeneratedRegex(@"^(?<program>\d{4}-\d\d-\d\dT\S+ [\w-]+\.[\d.]+(?: (?<level>err|int|sys|fatal))?:)?\s*(?<text>.*\w.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Line();

    [GeneratedRegex("fail|error|cannot|can't|denied|refused|timeout|timed out", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Complaint();

    [GeneratedRegex(
        "cannot resolve accession|name not found|path not found|item not found|unknown accession|invalid accession|cannot be found|no data at given",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Unknown();

    [GeneratedRegex("no space left|storage exhausted|disk-limit exceed|disk quota", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Full();
}
