using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Scitq.Contracts;
using Scitq.Fetch.Ftp;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Transports;

/// <summary><c>ftp://[user:password@]host[:port]/path</c>, anonymous without a user.</summary>
internal sealed class FtpTransport(Services services) : ITransport, IDisposable
{
    private const int BufferSize = 1 << 17;
    private readonly FtpPool _pool = new(services);

    public TransportCapabilities Can => TransportCapabilities.Get | TransportCapabilities.Put | TransportCapabilities.List | TransportCapabilities.Delete | TransportCapabilities.Ranges;

    public bool IsFolder(DataUri uri) => FtpAddress.Of(uri).Path.EndsWith('/');

    public void Dispose() => _pool.Dispose();

    public Task<DataEntry?> StatAsync(DataUri uri, CancellationToken ct) => _pool.UseAsync(uri, async (ftp, address) =>
    {
        var size = await SizeAsync(ftp, address.Path, Redacted.Of(uri), ct);
        if (size is null) return null;
        var time = await ftp.SendAsync("MDTM " + address.Path, ct);
        return Entry(uri, address.Path[(address.Path.LastIndexOf('/') + 1)..], size >= 0 ? size : null, time.Code == 213 ? FtpListing.Time(time.Text[4..]) : null);
    }, ct);

    public async Task<Stream> OpenAsync(DataEntry entry, long offset, long? length, CancellationToken ct)
    {
        var (address, shown) = (FtpAddress.Of(entry.Uri), Redacted.Of(entry.Uri));
        // FTP has no versions: what is continued is looked at first.
        if (offset > 0 && await StatAsync(entry.Uri, ct) is var now && now?.Version != entry.Version) throw new SourceChangedException(entry.Uri);
        var ftp = await _pool.TakeAsync(address, shown, ct);
        try
        {
            return new FtpBody(await ftp.TransferAsync("RETR " + address.Path, offset, shown, ct), ftp, c => _pool.Return(address, c), shown);
        }
        catch
        {
            await ftp.DisposeAsync();
            throw;
        }
    }

    public async IAsyncEnumerable<DataEntry> ListAsync(DataUri folder, bool recursive, [EnumeratorCancellation] CancellationToken ct)
    {
        var host = folder.Path[..folder.Path.IndexOf('/', StringComparison.Ordinal)];
        var root = FtpAddress.Of(folder).Path;
        var folders = new Stack<string>();
        folders.Push("");
        while (folders.TryPop(out var sub))
        {
            var at = folder.At($"{host}{root}{sub}");
            foreach (var item in await services.Retrier.RunAsync(at, c => ItemsAsync(at, c), ct))
            {
                var name = sub + item.Name;
                var uri = folder.At($"{host}{root}{name}");
                if (item.IsFolder && recursive) folders.Push(name + "/");
                else if (item.IsFolder) yield return new DataEntry { Uri = uri.AsFolder(), Name = name, Size = 0, Modified = item.Modified, IsFolder = true };
                else if (!item.IsLink && item.Modified is not null) yield return Entry(uri, name, item.Size, item.Modified);
                // What a link stands for, and times to the second, have to be asked for.
                else if (await services.Retrier.RunAsync(uri, c => StatAsync(uri, c), ct) is { } found) yield return found with { Name = name };
            }
        }
    }

    public Task<DataEntry> PutAsync(DataUri uri, PutContent content, CancellationToken ct) => _pool.UseAsync(uri, async (ftp, address) =>
    {
        var shown = Redacted.Of(uri);
        var (folder, name) = (address.Path[..(address.Path.LastIndexOf('/') + 1)], address.Path[(address.Path.LastIndexOf('/') + 1)..]);
        if (name.Length == 0) throw new BadUriException($"{shown}: it names no file to write to.");
        await MakeFoldersAsync(ftp, folder, ct);
        // The server's own partial file of the same content is continued.
        var part = folder + Path.GetFileName(PartFile.NameFor("/" + name, content.Identity ?? Guid.NewGuid().ToString("N")));
        var there = content.Identity is null ? 0 : Math.Max(0, await SizeAsync(ftp, part, shown, ct) ?? 0);
        if (there > content.Length) there = 0;
        var sent = await SkipAsync(content.Body, there, ct);
        await using (var data = await ftp.TransferAsync((there > 0 ? "APPE " : "STOR ") + part, 0, shown, ct))
            sent += await CopyAsync(content.Body, data, ct);
        var done = await ftp.ReplyAsync(ct);
        if (done.Code is not (226 or 250)) throw done.Fault(shown);
        var size = await SizeAsync(ftp, part, shown, ct);
        if (size >= 0 && size != sent)
        {
            await ftp.SendAsync("DELE " + part, ct);
            throw new TransientException($"the server holds {size} of {sent} bytes.");
        }

        if (content.Modified is { } time && ftp.Features.Contains("MFMT"))
            await ftp.SendAsync(string.Create(CultureInfo.InvariantCulture, $"MFMT {time.UtcDateTime:yyyyMMddHHmmss} {part}"), ct);
        await RenameAsync(ftp, part, address.Path, shown, ct);
        return Entry(uri, name, size >= 0 ? size : null, null);
    }, ct);

    public Task DeleteAsync(DataUri uri, CancellationToken ct) => _pool.UseAsync(uri, async (ftp, address) =>
    {
        var reply = await ftp.SendAsync("DELE " + address.Path, ct);
        // A refusal and a file that is not there have the same code.
        return reply.IsPositive || await SizeAsync(ftp, address.Path, Redacted.Of(uri), ct) is null ? true : throw reply.Fault(Redacted.Of(uri));
    }, ct);

    /// <summary>Null when there is no such file; -1 when the server does not tell sizes.</summary>
    private static async Task<long?> SizeAsync(FtpConnection ftp, string path, string shown, CancellationToken ct)
    {
        var reply = await ftp.SendAsync("SIZE " + path, ct);
        return reply.Code switch
        {
            213 when long.TryParse(reply.Text.AsSpan(4).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var size) => size,
            550 => reply.Fault(shown) is DataNotFoundException ? null : throw reply.Fault(shown),
            500 or 502 or 504 => -1,
            _ => throw reply.Fault(shown),
        };
    }

    private Task<List<FtpItem>> ItemsAsync(DataUri folder, CancellationToken ct) => _pool.UseAsync(folder, async (ftp, address) =>
    {
        var shown = Redacted.Of(folder);
        var facts = ftp.Features.Any(f => f.StartsWith("MLST", StringComparison.Ordinal));
        var items = new List<FtpItem>();
        // LIST takes a leading dash for an option on some servers; a directory's path here starts with a slash.
        await using (var data = await ftp.TransferAsync((facts ? "MLSD " : "LIST ") + address.Path, 0, shown, ct))
        using (var reader = new StreamReader(data, new UTF8Encoding(false)))
        {
            while (await services.Idle.GuardAsync(c => reader.ReadLineAsync(c), ct) is { } line)
            {
                if ((facts ? FtpListing.OfFacts(line) : FtpListing.OfList(line)) is { } item) items.Add(item);
            }
        }

        var done = await ftp.ReplyAsync(ct);
        return done.Code is 226 or 250 ? items : throw done.Fault(shown);
    }, ct);

    private static async Task MakeFoldersAsync(FtpConnection ftp, string folder, CancellationToken ct)
    {
        if ((await ftp.SendAsync("CWD " + folder, ct)).IsPositive) return;
        // That one exists is no reason to stop; that one cannot be made shows when the file is written.
        for (var slash = folder.IndexOf('/', 1); slash > 0; slash = folder.IndexOf('/', slash + 1))
            await ftp.SendAsync("MKD " + folder[..slash], ct);
    }

    private static async Task RenameAsync(FtpConnection ftp, string from, string to, string shown, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var first = await ftp.SendAsync("RNFR " + from, ct);
            if (first.Code != 350) throw first.Fault(shown);
            var second = await ftp.SendAsync("RNTO " + to, ct);
            if (second.IsPositive) return;
            // Some servers do not replace.
            if (attempt > 1 || !(await ftp.SendAsync("DELE " + to, ct)).IsPositive) throw second.Fault(shown);
        }
    }

    private static async Task<long> SkipAsync(Stream body, long bytes, CancellationToken ct)
    {
        var buffer = new byte[BufferSize];
        for (var left = bytes; left > 0;)
        {
            var read = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), ct);
            if (read == 0) throw new TransientException("the source ended before the place the upload is to be continued from.");
            left -= read;
        }

        return bytes;
    }

    private async Task<long> CopyAsync(Stream from, Stream to, CancellationToken ct)
    {
        var buffer = new byte[BufferSize];
        long sent = 0;
        for (int read; (read = await from.ReadAsync(buffer, ct)) > 0; sent += read)
        {
            var piece = buffer.AsMemory(0, read);
            await services.Idle.GuardAsync(async c =>
            {
                await to.WriteAsync(piece, c);
                return true;
            }, ct);
        }

        return sent;
    }

    private static DataEntry Entry(DataUri uri, string name, long? size, DateTimeOffset? modified) => new()
    {
        Uri = uri,
        Name = name,
        Size = size,
        Modified = modified,
        Version = size is not null && modified is not null ? string.Create(CultureInfo.InvariantCulture, $"{size}-{modified:yyyyMMddHHmmss}") : null,
    };
}
