using System.Globalization;
using System.Text;
using Scitq.Fetch.Local;

namespace Scitq.Fetch.Archives;

/// <summary>
/// The values that an extended header of a pax archive gives for the member behind it, as far as we keep them. Where it says something twice, the last counts.
/// </summary>
internal sealed class PaxRecords
{
    private readonly List<long> _sparse = [];
    private long? _offset;

    public string? Path { get; private set; }

    public string? LinkPath { get; private set; }

    public long? Size { get; private set; }

    public DateTime? Modified { get; private set; }

    /// <summary>The name of a sparse file; its <see cref="Path"/> is one that was made up for programs that know nothing of them.</summary>
    public string? SparseName { get; private set; }

    public long? RealSize { get; private set; }

    /// <summary>Whether the map of a sparse file is at the beginning of its content.</summary>
    public bool IsMapInContent { get; private set; }

    /// <summary>Why the member cannot be unpacked.</summary>
    public string? Problem { get; private set; }

    public bool IsSparse => IsMapInContent || _sparse.Count > 0 || RealSize is not null;

    /// <exception cref="FormatException">It is malformed.</exception>
    public void Read(ReadOnlySpan<byte> records)
    {
        while (!records.IsEmpty)
        {
            var blank = records.IndexOf((byte)' ');
            if (blank < 0 || !int.TryParse(records[..blank], NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length <= blank + 1
                || length > records.Length || records[length - 1] != '\n')
                throw new FormatException("its extended header is malformed");
            var record = records[(blank + 1)..(length - 1)];
            var equals = record.IndexOf((byte)'=');
            if (equals <= 0) throw new FormatException("its extended header is malformed");
            Take(Encoding.UTF8.GetString(record[..equals]), record[(equals + 1)..]);
            records = records[length..];
        }
    }

    /// <summary>The pieces of a sparse file whose map is in its header.</summary>
    public SparseMap Map()
    {
        var map = new SparseMap();
        if (_sparse.Count % 2 != 0) throw new FormatException("its sparse map is malformed");
        for (var i = 0; i < _sparse.Count; i += 2) map.Add(_sparse[i], _sparse[i + 1]);
        return map;
    }

    private void Take(string key, ReadOnlySpan<byte> value)
    {
        switch (key)
        {
            case "path":
                Path = Name(key, value);
                break;
            case "linkpath":
                LinkPath = Name(key, value);
                break;
            case "size":
                Size = Number(key, value);
                break;
            case "mtime":
                Modified = Time(value);
                break;
            case "GNU.sparse.name":
                SparseName = Name(key, value);
                break;
            case "GNU.sparse.realsize" or "GNU.sparse.size":
                RealSize = Number(key, value);
                break;
            case "GNU.sparse.major":
                IsMapInContent = Number(key, value) switch
                {
                    0 => false,
                    1 => true,
                    _ => throw new FormatException("it is sparse in a way that is not supported"),
                };
                break;
            case "GNU.sparse.offset":
                _offset = Number(key, value);
                break;
            case "GNU.sparse.numbytes":
                _sparse.AddRange([_offset ?? throw new FormatException("its sparse map is malformed"), Number(key, value)]);
                _offset = null;
                break;
            case "GNU.sparse.map":
                _sparse.Clear();
                foreach (var range in value.Split((byte)','))
                    if (value[range] is { IsEmpty: false } number) _sparse.Add(Number(key, number));
                break;
            case "SCHILY.realsize":
                Problem = "is sparse in a way that is not supported (SCHILY.realsize)";
                break;
            case "GNU.volume.filename":
                Problem = "is continued from another volume";
                break;
        }
    }

    private static string Name(string key, ReadOnlySpan<byte> value) =>
        value.IsEmpty || value.Contains((byte)0) ? throw new FormatException($"its {key} is no name") : ByteName.Of(value);

    private static long Number(string key, ReadOnlySpan<byte> value) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException($"its {key} is no number");

    private static DateTime? Time(ReadOnlySpan<byte> value)
    {
        if (value is [(byte)'+', ..]
            || !decimal.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
            out var seconds)) throw new FormatException("its mtime is no number");
        return UnixTime.Of(seconds);
    }
}
