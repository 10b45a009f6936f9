using System.Buffers.Binary;
using System.IO.Compression;
using Microsoft.Win32.SafeHandles;

namespace Scitq.Fetch.Archives;

/// <summary>
/// Windows compresses so what is larger than 2 GB. .NET can read it, but only within a zip; so the content is shown to it as the only entry of one.
/// </summary>
internal static class Deflate64
{
    public static async Task<Stream> OpenAsync(SafeFileHandle file, long start, ZipEntry entry, CancellationToken ct)
    {
        var zip = await ZipArchive.CreateAsync(new OneEntryZip(file, start, entry), ZipArchiveMode.Read, leaveOpen: false, null, ct);
        return new Owned(await zip.Entries[0].OpenAsync(ct), zip);
    }

    /// <summary>The directory first, as nothing forbids: so all that is made up lies together, and the content needs no moving.</summary>
    private sealed class OneEntryZip : Stream
    {
        private const int RecordLength = 46 + 1 + 20, LocalLength = 30 + 1, EndLength = 22;
        private readonly byte[] _head = new byte[RecordLength + LocalLength];
        private readonly byte[] _end = new byte[EndLength];
        private readonly SafeFileHandle _file;
        private readonly long _start, _packed;

        public OneEntryZip(SafeFileHandle file, long start, ZipEntry entry)
        {
            (_file, _start, _packed) = (file, start, entry.Packed);
            var record = _head.AsSpan(0, RecordLength);
            "PK\x01\x02"u8.CopyTo(record);
            BinaryPrimitives.WriteUInt16LittleEndian(record[6..], 45);
            BinaryPrimitives.WriteUInt16LittleEndian(record[10..], entry.Method);
            BinaryPrimitives.WriteUInt32LittleEndian(record[16..], entry.Crc);
            BinaryPrimitives.WriteUInt32LittleEndian(record[20..], uint.MaxValue);
            BinaryPrimitives.WriteUInt32LittleEndian(record[24..], uint.MaxValue);
            BinaryPrimitives.WriteUInt16LittleEndian(record[28..], 1);
            BinaryPrimitives.WriteUInt16LittleEndian(record[30..], 20);
            BinaryPrimitives.WriteUInt32LittleEndian(record[42..], RecordLength);
            record[46] = (byte)'x';
            BinaryPrimitives.WriteUInt16LittleEndian(record[47..], 1);
            BinaryPrimitives.WriteUInt16LittleEndian(record[49..], 16);
            BinaryPrimitives.WriteInt64LittleEndian(record[51..], entry.Size);
            BinaryPrimitives.WriteInt64LittleEndian(record[59..], entry.Packed);
            var local = _head.AsSpan(RecordLength);
            "PK\x03\x04"u8.CopyTo(local);
            BinaryPrimitives.WriteUInt16LittleEndian(local[4..], 45);
            BinaryPrimitives.WriteUInt16LittleEndian(local[8..], entry.Method);
            BinaryPrimitives.WriteUInt32LittleEndian(local[14..], entry.Crc);
            BinaryPrimitives.WriteUInt32LittleEndian(local[18..], uint.MaxValue);
            BinaryPrimitives.WriteUInt32LittleEndian(local[22..], uint.MaxValue);
            BinaryPrimitives.WriteUInt16LittleEndian(local[26..], 1);
            local[30] = (byte)'x';
            "PK\x05\x06"u8.CopyTo(_end);
            BinaryPrimitives.WriteUInt16LittleEndian(_end.AsSpan(8), 1);
            BinaryPrimitives.WriteUInt16LittleEndian(_end.AsSpan(10), 1);
            BinaryPrimitives.WriteUInt32LittleEndian(_end.AsSpan(12), RecordLength);
        }

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => _head.Length + _packed + EndLength;

        public override long Position { get; set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            Task.FromResult(Read(buffer.AsSpan(offset, count)));

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var inContent = Position - _head.Length;
            var read = inContent < 0 ? Copy(_head, Position, buffer)
                : inContent >= _packed ? Copy(_end, inContent - _packed, buffer)
                : RandomAccess.Read(_file, buffer[..(int)Math.Min(buffer.Length, _packed - inContent)], _start + inContent);
            Position += read;
            return read;
        }

        public override long Seek(long offset, SeekOrigin origin) =>
            Position = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => Position + offset, _ => Length + offset };

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private static int Copy(byte[] from, long at, Span<byte> to)
        {
            if (at < 0 || at >= from.Length) return 0;
            var count = (int)Math.Min(to.Length, from.Length - at);
            from.AsSpan((int)at, count).CopyTo(to);
            return count;
        }
    }

    private sealed class Owned(Stream content, ZipArchive zip) : ReadOnlyStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            content.ReadAsync(buffer, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                content.Dispose();
                zip.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
