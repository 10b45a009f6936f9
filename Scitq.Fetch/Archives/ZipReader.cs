using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;
using Scitq.Fetch.Local;

namespace Scitq.Fetch.Archives;

/// <summary>Unpacks a zip by its directory, which is read as a stream: memory does not grow with the number of entries.</summary>
internal sealed class ZipReader(SafeFileHandle file, ArchiveTree files)
{
    private const int LongestTarget = 4096, LongestRecord = ZipEntry.FixedLength + (3 * ushort.MaxValue), LocalLength = 30;
    private const ushort Stored = 0, Deflated = 8, Deflated64 = 9, Encrypted = 0x2041;

    public static async Task UnpackAsync(string archive, ArchiveTree files, CancellationToken ct)
    {
        await using var file = Archive.Open(archive);
        await new ZipReader(file.SafeFileHandle, files).UnpackAsync(ct);
    }

    private async Task UnpackAsync(CancellationToken ct)
    {
        var end = ZipEnd.Find(file);
        var directory = new ReadAhead(new RangeStream(file, end.Start, end.Length), LongestRecord + 1);
        long entries = 0;
        for (; await directory.FillAsync(1, ct); entries++)
        {
            if (!await directory.FillAsync(ZipEntry.FixedLength, ct) || !directory.Bytes.StartsWith("PK\x01\x02"u8))
                throw new InvalidDataException("its directory is damaged.");
            var length = ZipEntry.FixedLength + TwoBytes(directory.Bytes[28..]) + TwoBytes(directory.Bytes[30..]) + TwoBytes(directory.Bytes[32..]);
            if (!await directory.FillAsync(length, ct)) throw new InvalidDataException("its directory is damaged.");
            var entry = new ZipEntry(directory.Bytes[..length]);
            directory.Skip(length);
            await UnpackAsync(entry, end, ct);
        }

        if (end.IsLarge ? entries != end.Entries : (ushort)entries != end.Entries)
            throw new InvalidDataException($"its directory has {entries} entries instead of {end.Entries}.");
    }

    private async Task UnpackAsync(ZipEntry entry, ZipEnd end, CancellationToken ct)
    {
        if ((entry.Flags & Encrypted) != 0) throw files.Refused(entry.Name, "is encrypted");
        switch (entry.Kind)
        {
            case FileKind.Directory:
                if (entry.Size > 0) throw files.Refused(entry.Name, "is a folder with content");
                files.Folder(entry.Name);
                break;
            case FileKind.SymbolicLink:
                if (entry.Size > LongestTarget) throw files.Refused(entry.Name, "is a link that is too long");
                var target = new byte[entry.Size];
                await using (var content = await OpenAsync(entry, end, ct))
                {
                    await content.ReadExactlyAsync(target, ct);
                    await content.CopyToAsync(Stream.Null, ct);
                }

                files.SymbolicLink(entry.Name, ByteName.Of(target));
                break;
            case FileKind.File:
                await using (var content = await OpenAsync(entry, end, ct))
                    await files.FileAsync(entry.Name, content, entry.Mode, entry.Modified, ct);
                break;
            case var kind:
                throw files.Refused(entry.Name, $"is {kind.InWords()}, of which programs make different things");
        }
    }

    /// <summary>The content, which fails at its end if it is not what the directory says.</summary>
    private async Task<Stream> OpenAsync(ZipEntry entry, ZipEnd end, CancellationToken ct)
    {
        var at = entry.Offset > end.Start - end.Shift ? end.Start : entry.Offset + end.Shift;
        var local = new byte[LocalLength + entry.RawName.Length];
        if (at > end.Start - local.Length || await RandomAccess.ReadAsync(file, local, at, ct) != local.Length || !local.AsSpan().StartsWith("PK\x03\x04"u8))
            throw files.Refused(entry.Name, "is not where the directory says");
        if (TwoBytes(local.AsSpan(26)) != entry.RawName.Length || !local.AsSpan(LocalLength).SequenceEqual(entry.RawName)
            || TwoBytes(local.AsSpan(8)) != entry.Method)
            throw files.Refused(entry.Name, "has another name or method before its content than in the directory");
        var start = at + local.Length + TwoBytes(local.AsSpan(28));
        if (entry.Packed > end.Start - start) throw files.Refused(entry.Name, "reaches into the directory");
        if (entry.Method == Stored && entry.Packed != entry.Size) throw files.Refused(entry.Name, "has two sizes");
        var packed = new RangeStream(file, start, entry.Packed);
        return new Verified(entry, files, entry.Method switch
        {
            Stored => packed,
            Deflated => new DeflateStream(packed, CompressionMode.Decompress),
            Deflated64 => await Deflate64.OpenAsync(file, start, entry, ct),
            var method => throw files.Refused(entry.Name, $"is compressed by a method that is not supported ({MethodName(method)})"),
        });
    }

    private static string MethodName(ushort method) => method switch
    {
        1 => "shrink",
        6 => "implode",
        12 => "bzip2",
        14 => "LZMA",
        93 => "zstd",
        95 => "xz",
        98 => "PPMd",
        99 => "AES encryption",
        _ => $"number {method}",
    };

    private static ushort TwoBytes(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private sealed class Verified(ZipEntry entry, ArchiveTree files, Stream content) : ReadOnlyStream
    {
        private readonly Crc32 _crc = new();
        private long _read;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read;
            try
            {
                read = await content.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
            {
                throw files.Refused(entry.Name, $"is damaged ({e.Message.TrimEnd('.')})");
            }

            _read += read;
            _crc.Append(buffer.Span[..read]);
            if (_read > entry.Size || (read == 0 && !buffer.IsEmpty && _read < entry.Size))
                throw files.Refused(entry.Name, $"is not of the {entry.Size} bytes that it should have");
            if (read == 0 && !buffer.IsEmpty && _crc.GetCurrentHashAsUInt32() != entry.Crc) throw files.Refused(entry.Name, "has a wrong checksum");
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) content.Dispose();
            base.Dispose(disposing);
        }
    }
}
