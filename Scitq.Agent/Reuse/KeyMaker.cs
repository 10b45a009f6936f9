using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Fetch;

namespace Scitq.Agent.Reuse;

/// <summary>Says of a task what its result depends on; data by name, size and what its store tells of its content, without fetching it.</summary>
internal sealed class KeyMaker(Fetcher fetcher)
{
    private const int AtOnce = 8;

    /// <exception cref="FetchException">Some of its data can't be looked at.</exception>
    public async Task<CacheKey> MakeAsync(TaskSpec spec, CancellationToken ct)
    {
        var shown = Masked.Spec(spec);
        List<CachePart> parts =
        [
            CacheKey.Part("command", Json(spec.Argv.Zip(shown.Argv, Hidden))),
            CacheKey.Part("image", spec.Image ?? ""),
            CacheKey.Part("docker options", Json(spec.DockerOptions.Words.Zip(shown.DockerOptions.Words, Hidden))),
            CacheKey.Part("user", string.Create(CultureInfo.InvariantCulture, $"{spec.Uid}:{spec.Gid}")),
            CacheKey.Part("environment", Json(Environment(spec, shown))),
        ];
        if (spec.Secrets.Count > 0) parts.Add(CacheKey.Part("secrets", Json(spec.Secrets.Order(StringComparer.Ordinal))));
        // In their order, which decides when two have the same name.
        var data = spec.Inputs.Select(uri => (Kind: "input", Uri: uri)).Concat(spec.Resources.Select(uri => (Kind: "resource", Uri: uri))).ToArray();
        var found = new CachePart[data.Length];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct };
        await Parallel.ForAsync(0, data.Length, parallel, async (i, c) => found[i] = await DataAsync(data[i].Kind, data[i].Uri, c));
        return CacheKey.Of([.. parts, .. found]);
    }

    private static IEnumerable<string> Environment(TaskSpec spec, TaskSpec shown) =>
        spec.Env.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key}={Hidden(e.Value, shown.Env[e.Key])}");

    /// <summary>What is secret counts by its digest, for the parts are kept and shown.</summary>
    private static string Hidden(string text, string shown) =>
        text == shown ? text : "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private async Task<CachePart> DataAsync(string kind, DataUri uri, CancellationToken ct)
    {
        var plain = uri.At(uri.Path);
        var name = $"{kind} {NameOf(uri)}{(uri.Action is { } action ? $"|{action}" : "")}";
        var shown = Redacted.Of(plain);
        try
        {
            fetcher.CheckUri(uri);
            if (await fetcher.InfoAsync(plain, ct) is { } entry)
                return Content(entry) is { } content ? new CachePart(name, $"{entry.Size}:{content}", entry.Size, shown) : ByText();
            return await FolderAsync(name, shown, plain, ct);
        }
        catch (UnsupportedTransferException)
        {
            // A place that can't be looked at or listed.
            return ByText();
        }

        CachePart ByText() => CacheKey.Part(name, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(uri.Text)))) with { Uri = shown };
    }

    private async Task<CachePart> FolderAsync(string name, string shown, DataUri folder, CancellationToken ct)
    {
        var lines = new List<string>();
        var size = 0L;
        await foreach (var entry in fetcher.ListAsync(folder, ct: ct))
        {
            lines.Add($"{entry.Name}\n{entry.Size}:{Content(entry)}\n");
            size += entry.Size ?? 0;
        }

        if (lines.Count == 0) throw new DataNotFoundException($"{shown}: nothing is there");
        lines.Sort(StringComparer.Ordinal);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var line in lines) hash.AppendData(Encoding.UTF8.GetBytes(line));
        return new CachePart(name, $"{lines.Count} files:{size}:{Convert.ToHexStringLower(hash.GetHashAndReset())}", size, shown);
    }

    /// <summary>The best that is known of what a file holds: its MD5, which is the same elsewhere, its version, its date.</summary>
    private static string? Content(DataEntry entry) =>
        entry.Md5 ?? entry.Version ?? entry.Modified?.UtcTicks.ToString(CultureInfo.InvariantCulture);

    private static string NameOf(DataUri uri)
    {
        // What follows a question mark of a web address may be a secret.
        var path = uri.Scheme is "http" or "https" ? uri.Path.Split('?')[0] : uri.Path;
        var folder = path.EndsWith('/');
        path = path.TrimEnd('/');
        // Of a folder only what is in it arrives, not its name.
        return folder ? "folder" : path[(path.LastIndexOf('/') + 1)..];
    }

    private static string Json<T>(T value) => JsonSerializer.Serialize(value, ScitqJson.Bus);
}
