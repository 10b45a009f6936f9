namespace Scitq.Fetch.Archives;

/// <summary>Where the pieces of a file with holes go.</summary>
internal sealed class SparseMap
{
    private const int MostPieces = 1_000_000;
    private readonly List<(long Offset, long Length)> _pieces = [];

    public IReadOnlyList<(long Offset, long Length)> Pieces => _pieces;

    /// <summary>Bytes of all pieces.</summary>
    public long Stored { get; private set; }

    /// <summary>Bytes of the whole file.</summary>
    public long Length { get; private set; }

    /// <exception cref="FormatException">It is not behind the others.</exception>
    public void Add(long offset, long length)
    {
        var end = _pieces.Count == 0 ? 0 : _pieces[^1].Offset + _pieces[^1].Length;
        if (offset < end || length < 0 || offset > long.MaxValue - length) throw new FormatException("its pieces overlap, or are none");
        if (_pieces.Count == MostPieces) throw new FormatException($"it has more than {MostPieces} pieces");
        _pieces.Add((offset, length));
        Stored += length;
    }

    /// <exception cref="FormatException">The pieces don't fit into a file of that length, or are not what is stored.</exception>
    public SparseMap Closed(long length, long stored)
    {
        if (length < 0 || (_pieces is [.., var last] && last.Offset + last.Length > length)) throw new FormatException("its pieces go beyond its end");
        if (stored != Stored) throw new FormatException($"its pieces are {Stored} bytes, and {stored} are there");
        Length = length;
        return this;
    }
}
