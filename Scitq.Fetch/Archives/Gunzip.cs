using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace Scitq.Fetch.Archives;

/// <summary>
/// The content of a gzip file, of all its members. Unlike <see cref="GZipStream"/>, which takes whatever follows the last one for the end, it
/// refuses what is no member; only zeros may follow, as tapes pad with them.
/// </summary>
internal sealed class Gunzip : ReadOnlyStream
{
    private const int TrailerLength = 8;
    private readonly Stream _file;
    private readonly ReadAhead _window;
    private readonly Feed _feed;
    private readonly Crc32 _crc = new();
    private DeflateStream? _member;
    private uint _length;
    private bool _isAtEnd;

    public Gunzip(Stream file)
    {
        (_file, _window) = (file, new ReadAhead(file));
        _feed = new Feed(_window);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!_isAtEnd)
        {
            _member ??= await BeginAsync(cancellationToken);
            var read = await _member.ReadAsync(buffer, cancellationToken);
            if (read > 0)
            {
                _crc.Append(buffer.Span[..read]);
                _length += (uint)read;
                return read;
            }

            await EndAsync(cancellationToken);
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _member?.Dispose();
            _file.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<DeflateStream> BeginAsync(CancellationToken ct)
    {
        const int FixedLength = 10, HasHeaderSum = 2, HasExtra = 4, HasName = 8, HasComment = 16;
        if (!await _window.FillAsync(FixedLength, ct)) throw CutOff();
        var flags = _window.Bytes[3];
        if (_window.Bytes[..3] is not [0x1F, 0x8B, 8]) throw new InvalidDataException("it is no gzip file.");
        if ((flags & 0xE0) != 0) throw new InvalidDataException("its header has flags that nobody knows.");
        _window.Skip(FixedLength);
        if ((flags & HasExtra) != 0)
        {
            if (!await _window.FillAsync(2, ct)) throw CutOff();
            var extra = BinaryPrimitives.ReadUInt16LittleEndian(_window.Bytes);
            _window.Skip(2);
            if (!await _window.FillAsync(extra, ct)) throw CutOff();
            _window.Skip(extra);
        }

        for (var texts = ((flags & HasName) != 0 ? 1 : 0) + ((flags & HasComment) != 0 ? 1 : 0); texts > 0;)
        {
            if (!await _window.FillAsync(1, ct)) throw CutOff();
            if (_window.Bytes[0] == 0) texts--;
            _window.Skip(1);
        }

        if ((flags & HasHeaderSum) != 0)
        {
            if (!await _window.FillAsync(2, ct)) throw CutOff();
            _window.Skip(2);
        }

        _crc.Reset();
        _length = 0;
        return new DeflateStream(_feed, CompressionMode.Decompress, leaveOpen: true);
    }

    /// <summary>
    /// The decompressor takes more than it needs and does not tell how much. The bytes that must follow are known, though: the sum and length of what came
    /// out. So the end is where those are, and where they are twice, where a member or the end of the file comes next.
    /// </summary>
    private async Task EndAsync(CancellationToken ct)
    {
        await _member!.DisposeAsync();
        _member = null;
        var trailer = new byte[TrailerLength];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, _crc.GetCurrentHashAsUInt32());
        BinaryPrimitives.WriteUInt32LittleEndian(trailer.AsSpan(4), _length);
        var taken = _feed.Last;
        _window.Unskip(taken);
        // Two bytes more, of the next member.
        await _window.FillAsync(taken + TrailerLength + 2, ct);
        var found = false;
        for (var at = 0; at <= taken; at++)
        {
            var next = _window.Bytes[at..].IndexOf(trailer);
            if (next < 0 || (at += next) > taken) break;
            found = true;
            var rest = _window.Bytes[(at + TrailerLength)..];
            if (rest is [0x1F, 0x8B, ..])
            {
                _window.Skip(at + TrailerLength);
                return;
            }

            if (rest.ContainsAnyExcept((byte)0)) continue;
            _window.Skip(at + TrailerLength);
            while (await _window.FillAsync(1, ct))
            {
                if (_window.Bytes.ContainsAnyExcept((byte)0)) throw Garbage();
                _window.Skip(_window.Bytes.Length);
            }

            _isAtEnd = true;
            return;
        }

        throw found ? Garbage() : new InvalidDataException("its checksum is wrong, or it is cut off.");
    }

    private static InvalidDataException Garbage() => new("after its end there is something that is no gzip.");

    private static EndOfStreamException CutOff() => new("it is cut off.");

    /// <summary>Remembers how much the decompressor took last.</summary>
    private sealed class Feed(ReadAhead file) : ReadOnlyStream
    {
        public int Last { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Last = await file.ReadAsync(buffer, cancellationToken);
    }
}
