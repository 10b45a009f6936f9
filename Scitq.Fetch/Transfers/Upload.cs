using Scitq.Contracts;
using Scitq.Fetch.Local;
using Scitq.Fetch.Transports;

namespace Scitq.Fetch.Transfers;

/// <summary>Writes one local file, or what another store streams, to one object, and checks that the store has what was read.</summary>
internal sealed class Upload(ITransport transport, Retrier retrier, Meter meter)
{
    private const int FileBuffer = 0;

    public async Task<TransferredFile> FromFileAsync(string path, DataUri destination, string name, CancellationToken ct)
    {
        var written = await retrier.RunAsync(destination, async c =>
        {
            using var way = DeepPath.To(path);
            await using var file = OpenLocal(way.Path, path);
            var modified = File.GetLastWriteTimeUtc(file.SafeFileHandle);
            var length = file.Length;
            var result = await OnceAsync(
                file, length, modified, $"{Path.GetFullPath(path)} {length} {modified.Ticks}", FileModes.Of(file), destination, name, c);
            return file.Length == length && File.GetLastWriteTimeUtc(file.SafeFileHandle) == modified
                ? result
                : throw new IntegrityException(
                    $"{Redacted.Of(destination)}: '{path}' changed while it was uploaded; upload it again once nothing writes to it.");
        }, ct);
        meter.FileDone();
        return written;
    }

    public async Task<TransferredFile> FromStreamAsync(Stream body, DataEntry source, DataUri destination, string name, CancellationToken ct)
    {
        var identity = source.Version is { } version ? $"{source.Uri.At(source.Uri.Path)} {version}" : null;
        return await OnceAsync(body, source.Size, source.Modified, identity, source.Mode, destination, name, ct);
    }

    private async Task<TransferredFile> OnceAsync(
        Stream body, long? length, DateTimeOffset? modified, string? identity, UnixFileMode? mode, DataUri destination, string name, CancellationToken ct)
    {
        await using var metered = new MeteredStream(body, meter);
        DataEntry stored;
        try
        {
            stored = await transport.PutAsync(destination, new PutContent(metered, length, modified, identity, metered.Md5) { Mode = mode }, ct);
        }
        catch
        {
            meter.Moved(-metered.Count);
            throw;
        }

        var md5 = Convert.ToHexStringLower(metered.Md5());
        var problem =
            length is { } whole && metered.Count != whole ? $"{metered.Count} bytes were read instead of {whole}" :
            stored.Size is { } size && size != metered.Count ? $"the store holds {size} bytes instead of {metered.Count}" :
            stored.Md5 is { } known && known != md5 ? $"the store holds an object with the MD5 {known} instead of {md5}" :
            null;
        return problem is null
            ? new TransferredFile(name, metered.Count, md5)
            : throw new IntegrityException($"{Redacted.Of(destination)}: {problem}.");
    }

    private static FileStream OpenLocal(string path, string shown)
    {
        if (FileKinds.Of(path) is not FileKind.File and var kind)
            throw kind == FileKind.Missing
                ? new DataNotFoundException($"'{Redacted.Of(shown)}' does not exist.")
                : new UnsupportedTransferException($"'{Redacted.Of(shown)}' is {kind.InWords()}: only files can be moved.");
        return LocalFiles.Open(path,
            new FileStreamOptions
                { Share = FileShare.ReadWrite | FileShare.Delete, Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = FileBuffer });
    }
}
