using System.Buffers;
using Scitq.Contracts;
using Scitq.Fetch.Local;
using Scitq.Fetch.Transports;

namespace Scitq.Fetch.Transfers;

/// <summary>
/// Fetches objects, each into one file: 1. into its part file, continuing one of the same version; 2. size and checksum are verified;
/// 3. it is renamed. Whatever is killed in between, the final name never shows anything but the whole.
/// </summary>
internal sealed class Download(ITransport transport, Retrier retrier, PartReader parts, Idle idle, Meter meter) : IFileDownload
{
    private const int BufferSize = 1 << 18;
    private const int MostRounds = 5;
    private readonly OldParts _old = new();

    public async Task<TransferredFile> ToFileAsync(DataEntry entry, string target, string name, CancellationToken ct)
    {
        for (var round = 1; ; round++)
        {
            try
            {
                return await OnceAsync(entry, target, name, ct);
            }
            catch (SourceChangedException e) when (round < MostRounds)
            {
                entry = await AgainAsync(entry, ct) is { } now
                    ? now with { Name = entry.Name, Md5 = entry.IsMd5Sure ? entry.Md5 : now.Md5, IsMd5Sure = entry.IsMd5Sure }
                    : throw new DataNotFoundException($"{Redacted.Of(entry.Uri)}: it was deleted while it was read.", e);
            }
            catch (SourceChangedException e)
            {
                throw new IntegrityException($"{Redacted.Of(entry.Uri)}: it changes faster than it can be read; try again when it is finished.", e);
            }
            catch (IntegrityException) when (round == 1)
            {
                // Once more from the first byte: a part file may have been damaged by what stopped the earlier process.
            }
        }
    }

    /// <summary>The part file for this version of the source.</summary>
    public static string PartOf(DataEntry entry, string target) => PartFile.NameFor(target, $"{entry.Uri.Scheme}://{entry.Uri.Path} {entry.Version}");

    string IFileDownload.PartOf(DataEntry entry, string target) => PartOf(entry, target);

    private async Task<TransferredFile> OnceAsync(DataEntry entry, string target, string name, CancellationToken ct)
    {
        PartFile.RefuseOther(target, entry.Uri);
        var part = PartOf(entry, target);
        var tag = entry is { Md5: null, Version: not null } ? await retrier.RunAsync(entry.Uri, c => transport.PartTagAsync(entry, c), ct) : null;
        long size;
        string sum;
        await using (var file = Open(part, entry))
        {
            using var digest = new Digest(tag?.PartSize);
            var canContinue = entry.Version is not null && transport.Can.HasFlag(TransportCapabilities.Ranges);
            if (!canContinue || file.Length > entry.Size) file.SetLength(0);
            await HashAsync(file, digest, ct);
            meter.Moved(file.Length);
            await FillAsync(entry, file, digest, tag, canContinue, ct);
            (size, sum) = (file.Length, digest.End());
            // A listing can only take a tag for an MD5; asked about one object, the store knows better.
            if (!entry.IsMd5Sure && entry.Md5 is { } listed && listed != sum && size == entry.Size && await AgainAsync(entry, ct) is { } now
                && now.Version == entry.Version) entry = entry with { Md5 = now.Md5 };
            if (await ProblemAsync(entry, size, sum, tag, ct) is { } problem)
            {
                meter.Moved(-size);
                LocalFiles.Delete(part);
                throw new IntegrityException($"{Redacted.Of(entry.Uri)}: {problem}; nothing was kept.");
            }

            if (entry.Modified is { } modified) File.SetLastWriteTimeUtc(file.SafeFileHandle, modified.UtcDateTime);
            FileModes.Set(file.SafeFileHandle, entry.Mode);
            try
            {
                // Renamed while it is still locked: nobody can take up the part in between.
                PartFile.Publish(part, target, entry.Uri);
            }
            catch (BadUriException)
            {
                LocalFiles.Delete(part);
                throw;
            }
        }

        _old.Remove(target);
        return new TransferredFile(name, size, tag is null ? sum : null);
    }

    private Task<DataEntry?> AgainAsync(DataEntry entry, CancellationToken ct) =>
        retrier.RunAsync(entry.Uri, c => idle.GuardAsync(async g => await transport.StatAsync(entry.Uri, g), c).AsTask(), ct);

    private static FileStream Open(string part, DataEntry entry)
    {
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
                BufferSize = 0,
            };
            // Closed to others until it has the mode of its source.
            if (entry.Mode is not null && !OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            return LocalFiles.Open(part, options);
        }
        catch (IOException e) when (LocalErrors.MayBeLocked(e) && FileKinds.Of(part) == FileKind.File)
        {
            throw new TransferExhaustedException($"{Redacted.Of(entry.Uri)}: another process is fetching it to the same place ('{part}' is locked).", e);
        }
    }

    private static async Task HashAsync(FileStream file, Digest digest, CancellationToken ct)
    {
        if (file.Length == 0) return;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            for (int read; (read = await file.ReadAsync(buffer, ct)) > 0;)
                digest.Append(buffer.AsSpan(0, read));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// In small pieces: for large ones Linux takes large folios of the page cache, which a virtual machine may have to ask its host for, at five
    /// times the cost.
    /// </summary>
    private static void Write(FileStream file, ReadOnlySpan<byte> bytes)
    {
        const int Piece = 1 << 15;
        for (; bytes.Length > Piece; bytes = bytes[Piece..]) file.Write(bytes[..Piece]);
        file.Write(bytes);
    }

    private async Task FillAsync(DataEntry entry, FileStream file, Digest digest, PartTag? tag, bool canContinue, CancellationToken ct)
    {
        if (entry.Size is { } all && file.Length == all) return;
        if (canContinue && transport.Can.HasFlag(TransportCapabilities.ParallelRanges) && entry.Size - file.Length > parts.PartSize)
        {
            int? hashed = tag?.PartSize <= parts.PartSize ? (int)tag.PartSize : null;
            await parts.ReadAsync(transport, entry, file.Length, hashed, async (block, c) =>
            {
                // The two slowest steps of a large download; a failed write must not leave the other one at work on a buffer that is given back.
                var writing = Task.Run(() => Write(file, block.Bytes.Span), CancellationToken.None);
                try
                {
                    if (hashed is null) digest.Append(block.Bytes.Span);
                    else digest.Append(block);
                }
                finally
                {
                    await writing;
                }

                meter.Moved(block.Length);
            }, ct);
            return;
        }

        await retrier.RunAsync(entry.Uri, async c =>
        {
            if (!canContinue && file.Length > 0)
            {
                meter.Moved(-file.Length);
                file.SetLength(0);
                digest.Reset();
            }

            await using var body = await idle.GuardAsync(async g => await transport.OpenAsync(entry, file.Length, null, g), c);
            using var reads = idle.Watch(c);
            var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            var filled = 0;
            try
            {
                // Written when the buffer is full or nothing more comes: a small file by one write.
                for (int read; (read = await reads.ReadAsync(body, buffer.AsMemory(filled))) > 0;)
                {
                    filled += read;
                    meter.Moved(read);
                    if (filled == buffer.Length) await WriteAsync();
                }
            }
            finally
            {
                // Also what came before a fault: it need not come again.
                await WriteAsync();
                ArrayPool<byte>.Shared.Return(buffer);
            }

            async Task WriteAsync()
            {
                var bytes = buffer.AsMemory(0, filled);
                filled = 0;
                digest.Append(bytes.Span);
                await file.WriteAsync(bytes, CancellationToken.None);
            }

            return file.Length < entry.Size ? throw new TransientException($"it ended after {file.Length} of {entry.Size} bytes.") : true;
        }, ct, () => file.Length);
    }

    private async Task<string?> ProblemAsync(DataEntry entry, long size, string sum, PartTag? tag, CancellationToken ct) =>
        entry.Size is { } expected && size != expected ? $"{size} bytes arrived instead of {expected}" :
        entry.Md5 is { } known && known != sum ? $"what arrived has the MD5 {sum} instead of {known}" :
        tag is not null && tag.Value != sum && await retrier.RunAsync(entry.Uri, tag.IsSureAsync, ct)
            ? $"what arrived has the ETag {sum} instead of {tag.Value}" :
        null;
}
