using System.Globalization;
using System.Runtime.CompilerServices;
using Scitq.Contracts;
using Scitq.Fetch.Ftp;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Transports;

/// <summary>
/// <c>ftp://[user:password@]host[:port]/path</c>, anonymous without a user; <c>ftpes://</c> and <c>ftps://</c> by TLS, begun by AUTH TLS or from the
/// first byte.
/// </summary>
internal sealed class FtpTransport(Services services) : ITransport, IDisposable
{
    private const int BufferSize = 1 << 17;
    private readonly FtpPool _pool = new(services);

    public TransportCapabilities Can =>
        TransportCapabilities.Get | TransportCapabilities.Put | TransportCapabilities.List | TransportCapabilities.Delete | TransportCapabilities.Ranges;

    public bool IsFolder(DataUri uri) => FtpAddress.Of(uri).Path.EndsWith('/');

    public void Dispose() => _pool.Dispose();

    public Task<DataEntry?> StatAsync(DataUri uri, CancellationToken ct) => _pool.UseAsync(uri, async (ftp, address) =>
    {
        var size = await SizeAsync(ftp, address.Path, Redacted.Of(uri), ct);
        if (size is null) return null;
        var time = await ftp.AskAsync("MDTM " + address.Path, ct);
        return Entry(
            uri, address.Path[(address.Path.LastIndexOf('/') + 1)..], size >= 0 ? size : null, time.Code == 213 ? FtpListing.Time(time.Text[4..]) : null);
    }, ct);

    public async Task<Stream> OpenAsync(DataEntry entry, long offset, long? length, CancellationToken ct)
    {
        var (address, shown) = (FtpAddress.Of(entry.Uri), Redacted.Of(entry.Uri));
        // FTP has no versions: what is continued is looked at first.
        if (offset > 0 && await StatAsync(entry.Uri, ct) is var now && now?.Version != entry.Version) throw new SourceChangedException(entry.Uri);
        var ftp = await _pool.TakeAsync(address, shown, ct);
        try
        {
            // Settles how the name is to be sent.
            if (FtpNames.HasLatin(address.Path)) await SizeAsync(ftp, address.Path, shown, ct);
            return new FtpBody(await ftp.TransferAsync("RETR " + address.Path, offset, shown, ct), ftp, c => _pool.Return(address, c), shown);
        }
        catch
        {
            await ftp.DisposeAsync();
            throw;
        }
    }

    public async IAsyncEnumerable<DataEntry> ListAsync(DataUri folder, bool recursive, Action<LeftOut>? leftOut, [EnumeratorCancellation] CancellationToken ct)
    {
        var host = folder.Path[..folder.Path.IndexOf('/', StringComparison.Ordinal)];
        var root = FtpAddress.Of(folder).Path;
        var folders = new Stack<string>();
        var closed = new Failures();
        folders.Push("");
        while (folders.TryPop(out var sub))
        {
            var at = folder.At($"{host}{root}{sub}");
            List<FtpItem> items = [];
            // One folder that nobody may enter does not keep the others from being listed; but in the end the list is not whole.
            if (sub.Length == 0) items = await services.Retrier.RunAsync(at, c => ItemsAsync(at, c), ct);
            else await closed.CatchAsync(
                at.Text, async () => items = await services.Retrier.RunAsync(at, c => ItemsAsync(at, c), ct), e => e is not TransferExhaustedException);
            foreach (var item in items)
            {
                var name = sub + item.Name;
                var uri = folder.At($"{host}{root}{name}");
                switch (item.Kind)
                {
                    case FtpKind.Folder when recursive:
                        folders.Push(name + "/");
                        break;
                    case FtpKind.Folder:
                        yield return new DataEntry { Uri = uri.AsFolder(), Name = name, Size = 0, Modified = item.Modified, IsFolder = true };
                        break;
                    case FtpKind.File when item.Modified is not null:
                        yield return Entry(uri, name, item.Size, item.Modified);
                        break;
                    case FtpKind.File:
                        yield return await AskedAsync(uri, name, item, ct);
                        break;
                    case FtpKind.Link when await TargetAsync(uri, ct) is { } target:
                        yield return target with { Name = name };
                        break;
                    case var kind:
                        leftOut?.Invoke(new LeftOut(name, kind == FtpKind.Link ? "a symbolic link to no file" : "neither a file nor a folder"));
                        break;
                }
            }
        }

        closed.ThrowIfAny();
    }

    public async Task RemoveFolderAsync(DataUri folder, CancellationToken ct)
    {
        List<FtpItem> items;
        try
        {
            items = await ItemsAsync(folder.AsFolder(), ct);
        }
        catch (DataNotFoundException)
        {
            return;
        }

        foreach (var item in items)
        {
            if (item.Kind != FtpKind.Folder) return;
            await RemoveFolderAsync(folder.At($"{folder.AsFolder().Path}{item.Name}"), ct);
        }

        await _pool.UseAsync(folder, (ftp, address) => ftp.AskAsync("RMD " + address.Path.TrimEnd('/'), ct), ct);
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
        {
            sent += await CopyAsync(content.Body, data, ct);
            await ftp.EndAsync(data, ct);
        }

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
        var reply = await ftp.AskAsync("DELE " + address.Path, ct);
        // A refusal and a file that is not there have the same code.
        return reply.IsPositive || await SizeAsync(ftp, address.Path, Redacted.Of(uri), ct) is null ? true : throw reply.Fault(Redacted.Of(uri));
    }, ct);

    /// <summary>Null when there is no such file; -1 when the server does not tell sizes.</summary>
    private static async Task<long?> SizeAsync(FtpConnection ftp, string path, string shown, CancellationToken ct)
    {
        var reply = await ftp.AskAsync("SIZE " + path, ct);
        return reply.Code switch
        {
            213 when long.TryParse(reply.Text.AsSpan(4).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var size) => size,
            550 => reply.Fault(shown) is DataNotFoundException ? null : throw reply.Fault(shown),
            500 or 502 or 504 => -1,
            _ => throw reply.Fault(shown),
        };
    }

    /// <summary>Times to the second have to be asked for. What the server does not tell shows when the file is read; it is there, and so in the list.</summary>
    private async Task<DataEntry> AskedAsync(DataUri uri, string name, FtpItem item, CancellationToken ct)
    {
        try
        {
            if (await services.Retrier.RunAsync(uri, c => StatAsync(uri, c), ct) is { } found)
                return found.Size is null ? Entry(uri, name, item.Size, found.Modified) : found with { Name = name };
        }
        catch (FetchException e) when (e is AccessDeniedException or BadUriException or UnsupportedTransferException)
        {
            // Of this file alone.
        }

        return Entry(uri, name, item.Size, null);
    }

    /// <summary>The file that a link stands for; null when it is none, or nobody may know.</summary>
    private async Task<DataEntry?> TargetAsync(DataUri uri, CancellationToken ct)
    {
        try
        {
            return await services.Retrier.RunAsync(uri, c => StatAsync(uri, c), ct);
        }
        catch (FetchException e) when (e is AccessDeniedException or BadUriException or UnsupportedTransferException)
        {
            return null;
        }
    }

    /// <summary>
    /// What is in a folder. It is entered first: servers take what follows LIST for a pattern, or for options, and call a folder that nobody may enter empty.
    /// </summary>
    private Task<List<FtpItem>> ItemsAsync(DataUri folder, CancellationToken ct) => _pool.UseAsync(folder, async (ftp, address) =>
    {
        var shown = Redacted.Of(folder);
        if (await ftp.AskAsync("CWD " + address.Path, ct) is { Code: >= 400 } refused) throw refused.Fault(shown);
        if (ftp.HasFacts) return (await ItemsAsync(ftp, "MLSD", shown, ct)).Items;
        if (ftp.ListsAll != false)
        {
            try
            {
                var (all, isWhole) = await ItemsAsync(ftp, "LIST -a", shown, ct);
                ftp.ListsAll = isWhole;
                if (isWhole) return all;
            }
            catch (FetchException) when (ftp.ListsAll is null)
            {
                // It takes that for a name.
                ftp.ListsAll = false;
            }
        }

        return (await ItemsAsync(ftp, "LIST", shown, ct)).Items;
    }, ct);

    /// <summary>The items, and whether the folder was listed with itself, as only <c>-a</c> does.</summary>
    /// <exception cref="UnsupportedTransferException">A line is not understood: nobody knows which files it stands for.</exception>
    private async Task<(List<FtpItem> Items, bool HasItself)> ItemsAsync(FtpConnection ftp, string command, string shown, CancellationToken ct)
    {
        var (items, names, hasItself) = (new List<FtpItem>(), new HashSet<string>(StringComparer.Ordinal), false);
        UnsupportedTransferException? problem = null;
        await using (var data = await ftp.TransferAsync(command, 0, shown, ct))
        {
            var lines = new FtpLines(data, services.Idle);
            // Read to its end in any case: the connection is used again.
            while (await lines.NextAsync(ct) is { } bytes)
            {
                var line = FtpNames.Read(bytes.Span);
                if (!(command == "MLSD" ? FtpListing.TryFacts(line, out var item) : FtpListing.TryList(line, out item))) problem ??= NotUnderstood(shown, line);
                else if (item is null) hasItself |= line.EndsWith(" .", StringComparison.Ordinal);
                else if (names.Add(item.Name)) items.Add(item);
                else problem ??= new UnsupportedTransferException(
                    $"{shown}: the server lists '{Redacted.Of(item.Name)}' twice, and one of the two cannot be told from the other.");
            }
        }

        var done = await ftp.ReplyAsync(ct);
        if (done.Code is not (226 or 250)) throw done.Fault(shown);
        // vsftpd and Pure-FTPd say so with the code of success.
        if (done.Text.Contains("failed to open", StringComparison.OrdinalIgnoreCase) || done.Text.Contains("truncated", StringComparison.OrdinalIgnoreCase))
            throw new AccessDeniedException($"{shown}: the folder could not be listed, or not wholly: {done.Shown}.");
        return problem is null ? (items, hasItself) : throw problem;
    }

    private static UnsupportedTransferException NotUnderstood(string shown, string line)
    {
        const int Longest = 200;
        var quoted = Redacted.Of(line.Length > Longest ? line[..Longest] + "…" : line);
        return new UnsupportedTransferException(FtpListing.Foreign(line) is { } system
            ? $"{shown}: the server lists it as {system}, which is not supported: name its files one by one. The line was '{quoted}'."
            : $"{shown}: the server's listing has a line that is not understood, so it is not known what is there: '{quoted}'. Files that are named one by "
                + "one can be fetched.");
    }

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
