using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Scitq.Contracts;
using Scitq.Fetch.Http;

namespace Scitq.Fetch.Transports;

/// <summary><c>http://</c> and <c>https://</c>: files, continued by range where the server says which version it sends.</summary>
internal sealed class HttpTransport(Web web) : ITransport
{
    public TransportCapabilities Can => TransportCapabilities.Get | TransportCapabilities.Ranges;

    public bool IsFolder(DataUri uri) => PathOf(uri) is var path && (path.EndsWith('/') || !path.Contains('/'));

    public string NameOf(DataUri uri)
    {
        var path = PathOf(uri);
        return path[(path.LastIndexOf('/') + 1)..];
    }

    public async Task<DataEntry?> StatAsync(DataUri uri, CancellationToken ct)
    {
        var address = Web.Address(uri);
        using var head = await web.SendAsync(uri, address, HttpMethod.Head, null, Refused, ct);
        if (head.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone) return null;
        if (head.IsSuccessStatusCode && head.Content.Headers.ContentLength is not null) return Entry(uri, head);

        // Signed links, and some servers, only allow GET or tell the size only then.
        using var first = await web.SendAsync(uri, address, HttpMethod.Get, r => r.Headers.Range = new RangeHeaderValue(0, 0), s => s is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.RequestedRangeNotSatisfiable, ct);
        return first.StatusCode switch
        {
            HttpStatusCode.NotFound or HttpStatusCode.Gone => null,
            HttpStatusCode.RequestedRangeNotSatisfiable => Entry(uri, first) with { Size = 0 },
            _ => Entry(uri, first),
        };

        static bool Refused(HttpStatusCode status) => status is >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError and not (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests) or HttpStatusCode.NotImplemented;
    }

    public async Task<Stream> OpenAsync(DataEntry entry, long offset, long? length, CancellationToken ct)
    {
        // The whole from its start is one version by itself; servers behind a balancer may have an ETag each.
        var part = offset > 0 || length is not null;
        var response = await web.SendAsync(entry.Uri, Web.Address(entry.Uri), HttpMethod.Get, request =>
        {
            if (!part) return;
            request.Headers.Range = new RangeHeaderValue(offset, offset + length - 1);
            if (entry.Version is ['"', ..]) request.Headers.IfMatch.Add(new EntityTagHeaderValue(entry.Version));
            else if (entry.Version is { } date) request.Headers.IfUnmodifiedSince = DateTimeOffset.ParseExact(date, "R", CultureInfo.InvariantCulture);
        }, s => s is HttpStatusCode.PreconditionFailed or HttpStatusCode.RequestedRangeNotSatisfiable, ct);
        try
        {
            // Not every server minds If-Match; a cache on the way may not either.
            if (!response.IsSuccessStatusCode || part && Version(response) != entry.Version || Size(response) is { } size && entry.Size is { } expected && size != expected)
                throw new SourceChangedException(entry.Uri);
            var body = await response.Content.ReadAsStreamAsync(ct);
            if (response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From != offset)
                throw new TransientException("the server sent another range than it was asked for.");
            if (response.StatusCode != HttpStatusCode.PartialContent) await SkipAsync(body, offset, ct);
            return body;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private static DataEntry Entry(DataUri uri, HttpResponseMessage response) => new()
    {
        Uri = uri,
        Name = PathOf(uri)[(PathOf(uri).LastIndexOf('/') + 1)..],
        Size = Size(response),
        Modified = response.Content.Headers.LastModified,
        Md5 = response.StatusCode == HttpStatusCode.PartialContent || response.Content.Headers.ContentMD5 is not { Length: 16 } md5 ? null : Convert.ToHexStringLower(md5),
        Version = Version(response),
    };

    private static long? Size(HttpResponseMessage response) => response.StatusCode == HttpStatusCode.PartialContent
        ? response.Content.Headers.ContentRange?.Length
        : response.Content.Headers.ContentLength;

    /// <summary>A strong ETag, else the time of last change; a weak ETag promises nothing about bytes.</summary>
    private static string? Version(HttpResponseMessage response) =>
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
