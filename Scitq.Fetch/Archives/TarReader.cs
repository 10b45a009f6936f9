using System.Globalization;
using Scitq.Fetch.Local;

namespace Scitq.Fetch.Archives;

/// <summary>
/// Unpacks a tar of any dialect. A member that is not understood is refused by its name, never guessed at; so is one that two programs would unpack
/// in two ways. Sparse files get their holes back.
/// </summary>
internal sealed class TarReader(Stream source, ArchiveTree files, UnpackBudget budget, string shown)
{
    private const int LongestText = 1 << 20;
    private const int MostHeaders = 16;
    private readonly ReadAhead _source = new(source);
    private readonly byte[] _header = new byte[TarHeader.Length];
    private readonly PaxRecords _global = new();
    private long _left, _padding;
    private string _last = "";

    public async Task UnpackAsync(CancellationToken ct)
    {
        try
        {
            while (await MemberAsync(ct)) { }
            await FinishAsync(ct);
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or EndOfStreamException)
        {
            throw new IntegrityException(
                $"{shown}: {(_last.Length == 0 ? "it" : $"at or behind the entry '{Redacted.Of(_last)}' it")} is no whole tar: {e.Message.TrimEnd('.')}. It "
                + "is refused, nothing of it was kept.", e);
        }
    }

    private ReadOnlySpan<byte> Bytes => _source.Bytes;

    /// <summary>Unpacks the next member; false at the end.</summary>
    private async Task<bool> MemberAsync(CancellationToken ct)
    {
        string? longName = null, longLink = null;
        PaxRecords? pax = null;
        for (var headers = 0; ; headers++)
        {
            if (!await FillAsync(TarHeader.Length, ct))
                throw new EndOfStreamException(
                    Bytes.IsEmpty && headers == 0 && _last.Length > 0
                        ? "its end, two empty blocks, is missing: it was cut off, or never finished"
                        : "it is cut off");
            if (TarHeader.IsEmpty(Bytes[..TarHeader.Length]))
                return headers == 0 ? false : throw new FormatException("it ends where a member should follow");
            if (!TarHeader.IsOne(Bytes[..TarHeader.Length]))
                throw new FormatException(_last.Length == 0 ? "it does not begin like one" : "the checksum of a header is wrong");
            if (headers == MostHeaders) throw new FormatException($"more than {MostHeaders} headers precede a member");
            Bytes[..TarHeader.Length].CopyTo(_header);
            _source.Skip(TarHeader.Length);
            var header = TarHeader.Read(_header);
            (_left, _padding) = (header.Size, Padding(header.Size));
            switch (header.Kind)
            {
                case 'L':
                    longName = await TextAsync(ct);
                    break;
                case 'K':
                    longLink = await TextAsync(ct);
                    break;
                case 'x' or 'X':
                    // Some would add them up, others forget the first.
                    if (pax is not null) throw new FormatException("two extended headers precede one member");
                    pax = new PaxRecords();
                    pax.Read(await ContentAsync(ct));
                    break;
                case 'g':
                    await GlobalAsync(ct);
                    break;
                case 'V':
                    // The label of a tape.
                    await SkipAsync(ct);
                    break;
                default:
                    pax ??= new PaxRecords();
                    _last = pax.SparseName ?? pax.Path ?? longName ?? header.Name;
                    await MemberAsync(header, pax, pax.LinkPath ?? longLink ?? header.LinkName, ct);
                    return true;
            }
        }
    }

    private async Task MemberAsync(TarHeader header, PaxRecords pax, string linkName, CancellationToken ct)
    {
        var name = _last;
        if (pax.Problem is { } problem) throw files.Refused(name, problem);
        if (pax.Size is { } size) (_left, _padding) = (size, Padding(size));
        switch (header.Kind)
        {
            case '0' or '\0' or '7' when name.EndsWith('/'):
                // As before there was a kind for it. Some kept the size of the directory there, none its content.
                if (pax.IsSparse) throw files.Refused(name, "is a folder with content");
                await WithoutContentAsync(name, ct);
                files.Folder(name);
                break;
            case '0' or '\0' or '7' or 'S':
                await FileAsync(header, pax, name, ct);
                break;
            case '5':
                await WithoutContentAsync(name, ct);
                files.Folder(name);
                break;
            case 'D':
                // GNU's folder with the names of what was in it, for incremental backups.
                await SkipAsync(ct);
                files.Folder(name);
                break;
            case '1':
                await WithoutContentAsync(name, ct);
                files.HardLink(name, linkName);
                break;
            case '2':
                await WithoutContentAsync(name, ct);
                files.SymbolicLink(name, linkName);
                break;
            case '3' or '4':
                await WithoutContentAsync(name, ct);
                files.Skip(name, "a device");
                break;
            case '6':
                await WithoutContentAsync(name, ct);
                files.Skip(name, "a FIFO");
                break;
            case 'M':
                throw files.Refused(name, "is continued from another volume");
            case var kind:
                throw files.Refused(name, $"is of the kind '{Redacted.Of(kind.ToString())}', which is not supported");
        }
    }

    private async Task FileAsync(TarHeader header, PaxRecords pax, string name, CancellationToken ct)
    {
        SparseMap? map = null;
        var modified = pax.Modified ?? _global.Modified ?? UnixTime.Of(header.Modified);
        try
        {
            if (header.Kind == 'S') map = await OldMapAsync(header, pax, ct);
            else if (pax.IsSparse)
            {
                map = pax.IsMapInContent ? await MapInContentAsync(ct) : pax.Map();
                map.Closed(pax.RealSize ?? throw new FormatException("its whole size is missing"), _left);
            }
        }
        catch (FormatException e)
        {
            throw files.Refused(name, $"is sparse, but {e.Message}");
        }

        await files.FileAsync(name, new Content(this), header.Mode, modified, ct, map);
        await SkipAsync(ct);
    }

    private async Task GlobalAsync(CancellationToken ct)
    {
        _global.Read(await ContentAsync(ct));
        if (_global.Path is not null || _global.LinkPath is not null || _global.Size is not null || _global.IsSparse || _global.Problem is not null)
            throw new FormatException("a header that is meant for all members gives them one name, size or volume");
    }

    private async Task<SparseMap> OldMapAsync(TarHeader header, PaxRecords pax, CancellationToken ct)
    {
        if (!header.IsGnu || pax.IsSparse) throw new FormatException("in a way that is not supported");
        var map = new SparseMap();
        var more = TarHeader.ReadPieces(_header, map);
        while (more)
        {
            if (!await FillAsync(TarHeader.Length, ct)) throw new EndOfStreamException("it is cut off");
            more = TarHeader.ReadMorePieces(Bytes, map);
            _source.Skip(TarHeader.Length);
        }

        return map.Closed(TarHeader.RealSize(_header), _left);
    }

    /// <summary>How many pieces, then offset and length of each: lines of digits, filled up to whole blocks.</summary>
    private async Task<SparseMap> MapInContentAsync(CancellationToken ct)
    {
        const int LongestLine = 20;
        var map = new SparseMap();
        var line = new byte[LongestLine];
        var read = 0L;
        var numbers = await NumberAsync() is var count and >= 0 and < int.MaxValue ? count : throw new FormatException("its map is malformed");
        for (; numbers > 0; numbers--) map.Add(await NumberAsync(), await NumberAsync());
        for (var rest = Padding(read); rest > 0; rest--) await ByteAsync();
        return map;

        async ValueTask<long> NumberAsync()
        {
            for (var length = 0; ; length++)
            {
                var next = await ByteAsync();
                if (next == '\n' && long.TryParse(line.AsSpan(0, length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number;
                if (length == LongestLine) throw new FormatException("its map is malformed");
                line[length] = next;
            }
        }

        async ValueTask<byte> ByteAsync()
        {
            if (_left == 0) throw new FormatException("its map is cut off");
            if (Bytes.IsEmpty && !await FillAsync(1, ct)) throw new EndOfStreamException("it is cut off");
            (_left, read) = (_left - 1, read + 1);
            var next = Bytes[0];
            _source.Skip(1);
            return next;
        }
    }

    /// <summary>
    /// A size of what is no file: some programs note there what the directory or the file behind the link has, others really put content. Whether
    /// a header follows at once shows which.
    /// </summary>
    private async Task WithoutContentAsync(string name, CancellationToken ct)
    {
        if (_left == 0) return;
        if (await FillAsync(TarHeader.Length, ct) && !TarHeader.IsEmpty(Bytes[..TarHeader.Length]) && !TarHeader.IsOne(Bytes[..TarHeader.Length]))
            throw files.Refused(name, "is no file and has content");
        (_left, _padding) = (0, 0);
    }

    private async Task<string> TextAsync(CancellationToken ct)
    {
        var text = await ContentAsync(ct);
        return ByteName.Of(text.AsSpan().IndexOf((byte)0) is >= 0 and var end ? text.AsSpan(0, end) : text);
    }

    private async Task<byte[]> ContentAsync(CancellationToken ct)
    {
        if (_left > LongestText) throw new FormatException($"a header has more than {LongestText} bytes");
        budget.Bytes(_left);
        var content = new byte[_left];
        await new Content(this).ReadExactlyAsync(content, ct);
        await SkipAsync(ct);
        return content;
    }

    /// <summary>To the end of the member.</summary>
    private async Task SkipAsync(CancellationToken ct)
    {
        for (_left += _padding, _padding = 0; _left > 0;)
        {
            if (Bytes.IsEmpty && !await FillAsync(1, ct)) throw new EndOfStreamException("it is cut off");
            var here = (int)Math.Min(_left, Bytes.Length);
            _source.Skip(here);
            _left -= here;
        }
    }

    private async Task FinishAsync(CancellationToken ct)
    {
        var told = false;
        while (await FillAsync(1, ct))
        {
            if (!told && Bytes.ContainsAnyExcept((byte)0))
            {
                files.Warn("behind the end of the archive there is something else, which was not unpacked.");
                told = true;
            }

            budget.Bytes(Bytes.Length);
            _source.Skip(Bytes.Length);
        }
    }

    private ValueTask<bool> FillAsync(int wanted, CancellationToken ct) => _source.FillAsync(wanted, ct);

    private static long Padding(long size) => (TarHeader.Length - (size % TarHeader.Length)) % TarHeader.Length;

    /// <summary>How much is left of the content of the member.</summary>
    private sealed class Content(TarReader tar) : ReadOnlyStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (tar._left == 0 || buffer.IsEmpty) return 0;
            var read = await tar._source.ReadAsync(buffer[..(int)Math.Min(tar._left, buffer.Length)], cancellationToken);
            tar._left -= read;
            return read > 0 ? read : throw new EndOfStreamException("it is cut off");
        }
    }
}
