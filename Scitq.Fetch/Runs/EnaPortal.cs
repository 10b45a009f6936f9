using System.Globalization;
using System.Net;
using System.Text.Json;
using Scitq.Contracts;
using Scitq.Fetch.Http;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Runs;

/// <summary>Asks ENA which runs an accession stands for and which files they have.</summary>
internal sealed class EnaPortal(Web web, ArchiveOptions options, Retrier retrier, Idle idle)
{
    /// <summary>The runs; none when ENA does not know the accession.</summary>
    /// <param name="uri">To name in messages.</param>
    /// <param name="accession">Of a run, experiment, sample or study.</param>
    /// <param name="kind"><c>fastq</c> or <c>submitted</c>: whose files.</param>
    /// <param name="ct">Stops it.</param>
    public Task<IReadOnlyList<SequenceRun>> RunsAsync(DataUri uri, string accession, string kind, CancellationToken ct)
    {
        var address = new Uri($"{options.EnaPortal.TrimEnd('/')}/filereport?accession={accession}&result=read_run"
            + $"&fields=run_accession,{kind}_ftp,{kind}_md5,{kind}_bytes,{kind}_aspera,sra_ftp,sra_md5,sra_bytes&format=json&download=true&limit=0");
        return retrier.RunAsync(uri, async c =>
        {
            using var response = await idle.GuardAsync(async g => await web.SendAsync(uri, address, HttpMethod.Get, null, null, g), c);
            if (response.StatusCode == HttpStatusCode.NoContent) return [];
            var body = await idle.GuardAsync(async g => await response.Content.ReadAsByteArrayAsync(g), c);
            return Read(body, kind) is { Count: > 0 } runs ? runs : throw new TransientException("ENA's answer was empty.");
        }, ct);
    }

    /// <summary>Reads the answer. When ENA is overloaded it answers with 200 and nothing, or without any value: both come back empty here.</summary>
    internal static IReadOnlyList<SequenceRun> Read(ReadOnlyMemory<byte> json, string kind)
    {
        try
        {
            using var report = JsonDocument.Parse(json);
            var rows = report.RootElement.EnumerateArray()
                .Select(row => (Run: Run(row, kind), HasData: List(row, $"{kind}_ftp").Length > 0 || Text(row, "sra_ftp").Length > 0)).ToArray();
            // One run of a study may really have nothing there: it is kept without files, for SRA may have it.
            return rows.Any(r => r.Run is null) || !rows.Any(r => r.HasData) ? [] : Distinct([.. rows.Select(r => r.Run!)]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return [];
        }
    }

    private static SequenceRun? Run(JsonElement row, string kind)
    {
        var accession = Text(row, "run_accession");
        var addresses = Places(row, $"{kind}_ftp");
        if (!Accession.IsOne(accession)) return null;
        var (sizes, md5s, aspera) = (List(row, $"{kind}_bytes"), List(row, $"{kind}_md5"), Places(row, $"{kind}_aspera"));
        return new SequenceRun(accession, [.. addresses.Select((address, i) => new RunFile(
            address[(address.LastIndexOf('/') + 1)..],
            address,
            At(sizes, i) is { } size ? Number(size) : null,
            At(md5s, i)?.ToLowerInvariant(),
            // HOST:/PATH; the host is configured.
            At(aspera, i) is { } place ? place[(place.IndexOf(':', StringComparison.Ordinal) + 1)..] : null))])
        {
            SraSize = Number(Text(row, "sra_bytes")),
            SraMd5 = Text(row, "sra_md5") is { Length: 32 } md5 ? md5.ToLowerInvariant() : null,
        };

        // Parallel columns: one of another length says nothing about single files.
        string? At(string[] column, int i) => column.Length == addresses.Length && column[i].Length > 0 ? column[i] : null;
    }

    /// <summary>Submitters call their files what they like; those of two runs must not replace each other.</summary>
    private static SequenceRun[] Distinct(SequenceRun[] runs)
    {
        var twice = runs.SelectMany(r => r.Files).GroupBy(f => f.Name).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        return twice.Count == 0
            ? runs
            : [.. runs.Select(r => r with { Files = [.. r.Files.Select(f => twice.Contains(f.Name) ? f with { Name = $"{r.Accession}/{f.Name}" } : f)] })];
    }

    private static string Text(JsonElement row, string name) =>
        row.TryGetProperty(name, out var value) ? value.ValueKind == JsonValueKind.String ? value.GetString()! : value.ToString() : "";

    private static string[] List(JsonElement row, string name) => Text(row, name) is { Length: > 0 } text ? text.TrimEnd(';').Split(';') : [];

    /// <summary>The same of paths: what has no slash is the rest of a name that has a semicolon.</summary>
    private static string[] Places(JsonElement row, string name)
    {
        var places = new List<string>();
        foreach (var place in List(row, name))
        {
            if (place.Contains('/', StringComparison.Ordinal) || places.Count == 0) places.Add(place);
            else places[^1] += ";" + place;
        }

        return [.. places];
    }

    private static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
