using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Scitq.Contracts;
using Scitq.Fetch.Http;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Transports;

/// <summary>
/// <c>http://</c> and <c>https://</c>: files, continued by range where the server says which version it sends. The answer to a HEAD, and what an answer
/// to a range says of the whole, is only a hint: where the GET that brings the file says otherwise, that counts.
/// </summary>
internal sealed class HttpTransport(Web web, Services services) : ITransport
{
    private const int MostRemembered = 10_000;
    private static readonly TimeSpan LongestHead = TimeSpan.FromSeconds(10);
    private static readonly string[] Packed = [".gz", ".tgz", ".bgz", ".gzip"];

    /// <summary>Which hints are no good, by address.</summary>
    private readonly ConcurrentDictionary<string, Asking> _asking = new(StringComparer.Ordinal);

    private enum Asking
    {
        Head,
        Range,
        Whole,
    }

    public TransportCapabilities Can => TransportCapabilities.Get | TransportCapabilities.Ranges;

    public bool IsFolder(DataUri uri) => PathOf(uri) is var path && (path.EndsWith('/') || !path.Contains('/'));

    public string NameOf(DataUri uri)
    {
        var path = PathOf(uri);
        return path[(path.LastIndexOf('/') + 1)..];
    }

    public async Task<DataEntry?> StatAsync(DataUri uri, CancellationToken ct)
    {
        var asking = AskingOf(uri);
        if (asking == Asking.Head && await HeadAsync(uri, ct) is { } told) return told;
        if (asking != Asking.Whole)
        {
            using var first = await web.SendAsync(
                uri, Web.Address(uri), HttpMethod.Get, r => r.Headers.Range = new RangeHeaderValue(0, 0), s =>
                    IsMissing(s) || s == HttpStatusCode.RequestedRangeNotSatisfiable, ct);
            if (IsMissing(first.StatusCode)) return null;
            // Of an empty file there is no first byte, and some servers refuse every range.
            if (first.StatusCode != HttpStatusCode.RequestedRangeNotSatisfiable) return Entry(uri, Checked(uri, first));
        }

        using var whole = await web.SendAsync(uri, Web.Address(uri), HttpMethod.Get, null, IsMissing, ct);
        return IsMissing(whole.StatusCode) ? null : Entry(uri, Checked(uri, whole));

        static bool IsMissing(HttpStatusCode status) => status is HttpStatusCode.NotFound or HttpStatusCode.Gone;
    }

    public async Task<Stream> OpenAsync(DataEntry entry, long offset, long? length, CancellationToken ct)
    {
        // The whole from its start is one version by itself; servers behind a balancer may have an ETag each.
        var part = offset > 0 || length is not null;
        var response = await GetAsync(entry, part ? new RangeHeaderValue(offset, offset + length - 1) : null, ct);
        if (part && IsWrong(response))
        {
            // Either there is no such range in what is there now, or the server is bad at ranges: by the whole it shows.
            response.Dispose();
            response = await GetAsync(entry, null, ct);
        }

        try
        {
            // Not every server minds If-Match; a cache on the way may not either.
            if (!response.IsSuccessStatusCode || (part && Version(entry.Uri, response) != entry.Version) || Differs(entry, Checked(entry.Uri, response)))
            {
                Doubt(entry.Uri);
                throw new SourceChangedException(entry.Uri);
            }

            var body = Decoded(entry.Uri, response, await response.Content.ReadAsStreamAsync(ct));
            if (response.StatusCode != HttpStatusCode.PartialContent) await SkipAsync(body, offset, ct);
            return body;
        }
        catch
        {
            response.Dispose();
            throw;
        }

        bool IsWrong(HttpResponseMessage answer) => answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable
            || (answer.StatusCode == HttpStatusCode.PartialContent
                && (answer.Content.Headers.ContentRange is not { } range || range.From != offset
                    || (range.Length is { } all && entry.Size is { } size && all != size)));
    }

    /// <summary>
    /// The facts that a HEAD tells, if those can be trusted so far: many servers refuse it, answer it with an error or not at all, or say that the length is 0.
    /// </summary>
    private async Task<DataEntry?> HeadAsync(DataUri uri, CancellationToken ct)
    {
        var idle = services.Options.IdleTimeout / 3;
        using var patience = new CancellationTokenSource(idle < LongestHead ? idle : LongestHead, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        try
        {
            using var head = await web.SendAsync(uri, Web.Address(uri), HttpMethod.Head, null, s => s >= HttpStatusCode.BadRequest, either.Token);
            return head.StatusCode == HttpStatusCode.OK && head.Content.Headers.ContentLength > 0 && Coding(uri, head) is null ? Entry(uri, head) : null;
        }
        catch (Exception e) when (e is TransientException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            // Asked once more, by GET: that one's fault counts. Of this server's other files, too.
            if (e is OperationCanceledException) Remember(Host(uri), Asking.Range);
            return null;
        }
    }

    private Task<HttpResponseMessage> GetAsync(DataEntry entry, RangeHeaderValue? range, CancellationToken ct) =>
        web.SendAsync(entry.Uri, Web.Address(entry.Uri), HttpMethod.Get, request =>
    {
        if (range is null) return;
        request.Headers.Range = range;
        if (entry.Version is ['"', ..]) request.Headers.IfMatch.Add(new EntityTagHeaderValue(entry.Version));
        else if (entry.Version is { } date) request.Headers.IfUnmodifiedSince = DateTimeOffset.ParseExact(date, "R", CultureInfo.InvariantCulture);
    }, s => s is HttpStatusCode.PreconditionFailed || (range is not null && s is HttpStatusCode.RequestedRangeNotSatisfiable), ct);

    /// <summary>Whether an answer is of another length than expected, or of one that only its end will tell though a HEAD had told one.</summary>
    private bool Differs(DataEntry entry, HttpResponseMessage response) => entry.Size is { } expected
        && (Size(entry.Uri, response) is { } size ? size != expected
            : response.StatusCode != HttpStatusCode.PartialContent && AskingOf(entry.Uri) == Asking.Head
                && (response.Headers.TransferEncodingChunked == true || Coding(entry.Uri, response) is not null));

    private Asking AskingOf(DataUri uri) => _asking.TryGetValue(uri.Path, out var asking) || _asking.TryGetValue(Host(uri), out asking) ? asking : Asking.Head;

    private void Doubt(DataUri uri) => Remember(uri.Path, AskingOf(uri) == Asking.Head ? Asking.Range : Asking.Whole);

    private void Remember(string key, Asking asking)
    {
        if (_asking.Count >= MostRemembered) _asking.Clear();
        _asking[key] = asking;
    }

    private static string Host(DataUri uri) => Web.Address(uri).Authority;

    /// <summary>The answer, if it has a body at all.</summary>
    private static HttpResponseMessage Checked(DataUri uri, HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.ResetContent
        ? throw new BadUriException($"{Redacted.Of(uri)}: the server answered {(int)response.StatusCode} {response.ReasonPhrase}: there is no file.")
        : response;

    private static DataEntry Entry(DataUri uri, HttpResponseMessage response) => new()
    {
        Uri = uri,
        Name = PathOf(uri)[(PathOf(uri).LastIndexOf('/') + 1)..],
        Size = Size(uri, response),
        Modified = response.Content.Headers.LastModified,
        Md5 = response.StatusCode == HttpStatusCode.PartialContent || Coding(uri, response) is not null
            || response.Content.Headers.ContentMD5 is not { Length: 16 } md5 ? null : Convert.ToHexStringLower(md5),
        Version = Version(uri, response),
    };

    /// <summary>How the body is packed for its way, though we asked that it be not. A name that says so itself means the packed file.</summary>
    private static string? Coding(DataUri uri, HttpResponseMessage response)
    {
        var coding = response.Content.Headers.ContentEncoding.LastOrDefault(c => c is not "identity")?.ToLowerInvariant();
        return coding is null || (coding is "gzip" or "x-gzip" && Packed.Any(e => PathOf(uri).EndsWith(e, StringComparison.OrdinalIgnoreCase)))
            ? null
            : coding;
    }

    private static Stream Decoded(DataUri uri, HttpResponseMessage response, Stream body) => Coding(uri, response) switch
    {
        null => body,
        "gzip" or "x-gzip" => new GZipStream(body, CompressionMode.Decompress),
        "deflate" => new ZLibStream(body, CompressionMode.Decompress),
        "br" => new BrotliStream(body, CompressionMode.Decompress),
        var other => throw new UnsupportedTransferException($"{Redacted.Of(uri)}: the server packs it as '{Redacted.Of(other)}', which is not known here."),
    };

    private static long? Size(DataUri uri, HttpResponseMessage response) =>
        Coding(uri, response) is not null ? null : response.StatusCode == HttpStatusCode.PartialContent
        ? response.Content.Headers.ContentRange?.Length
        : response.Content.Headers.ContentLength;

    /// <summary>A strong ETag, else the time of last change; a weak ETag promises nothing about bytes.</summary>
    private static string? Version(DataUri uri, HttpResponseMessage response) => Coding(uri, response) is not null ? null :
        response.Headers.ETag is { IsWeak: false } tag ? tag.Tag : response.Content.Headers.LastModified?.ToString("R", CultureInfo.InvariantCulture);

    private static string PathOf(DataUri uri)
    {
        var end = uri.Path.AsSpan().IndexOfAny('?', '#');
        return end < 0 ? uri.Path : uri.Path[..end];
    }

    /// <summary>For servers without ranges: what came before is read and dropped.</summary>
    private static async Task SkipAsync(Stream body, long bytes, CancellationToken ct)
    {
        var buffer = new byte[1 << 16];
        while (bytes > 0)
        {
            var read = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, bytes)), ct);
            if (read == 0) throw new TransientException("it ended before the place it is to be continued from.");
            bytes -= read;
        }
    }
}
