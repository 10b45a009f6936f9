using Scitq.Agent.Files;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>
/// Tells which bytes of a container's log, read from its beginning, a stream file does not hold yet. As long as the engine has
/// thrown nothing away these are the bytes after the file's length. Once it has, the file's end is looked for in the log.
/// </summary>
internal sealed class LogResume
{
    /// <summary>At this size the engine begins a second log file; with a third, it drops the first.</summary>
    public const int LogFileSize = 10_000_000;

    private const int NeedleSize = 16 * 1024;

    private readonly byte[] _needle;
    private readonly int[] _fallback;
    private readonly string _path;
    private int _matched;
    private long _skip;
    private long _compared;

    private LogResume(string path, byte[] needle, long skip, bool compare)
    {
        (_path, _needle, _skip) = (path, needle, skip);
        _compared = compare ? 0 : -1;
        Found = needle.Length == 0;
        _fallback = Fallback(needle);
    }

    /// <summary>Whether the place was found; before the log's end, false means "not yet".</summary>
    public bool Found { get; private set; }

    /// <summary>Whether the log turned out not to begin with what the file begins with.</summary>
    public bool Diverged { get; private set; }

    /// <summary>Whether the log went on after what the file holds, or at least up to there.</summary>
    public bool Reached => Found && !Diverged && _skip == 0;

    /// <summary>Whether so little was printed that the engine can't have thrown anything away, however short the lines.</summary>
    public static bool IsSurelyWhole(string stdout, string stderr) => Length(stdout) + Length(stderr) < LogFileSize / 20;

    /// <summary>The log still has its beginning: skip as many bytes as the file holds, comparing them.</summary>
    public static LogResume ByCount(string file) => new(file, [], Length(file), compare: true);

    /// <summary>The log may have lost its beginning: go on after the last whole line of the file.</summary>
    public static LogResume ByContent(string file)
    {
        RegularFile.Check(file);
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var tail = new byte[Math.Min(NeedleSize, stream.Length)];
        stream.Seek(-tail.Length, SeekOrigin.End);
        stream.ReadExactly(tail);
        // The log holds whole lines only; the rest of a line begun is skipped by count.
        var lines = tail.AsSpan().LastIndexOf((byte)'\n') + 1;
        if (lines == 0) lines = tail.Length;
        return new LogResume(file, tail[..lines], tail.Length - lines, compare: false);
    }

    /// <summary>The place is not in the log: all of the log is newer than the file.</summary>
    public static LogResume Everything(string file) => new(file, [], 0, compare: false);

    public static long Length(string file) => File.Exists(file) ? new FileInfo(file).Length : 0;

    /// <summary>The part of the next bytes that is new.</summary>
    public ReadOnlyMemory<byte> New(ReadOnlyMemory<byte> bytes)
    {
        if (Diverged) return default;
        if (!Found)
        {
            bytes = bytes[Search(bytes.Span)..];
            if (!Found) return default;
        }

        var skipped = (int)Math.Min(_skip, bytes.Length);
        if (skipped > 0 && _compared >= 0 && !SameAsFile(bytes.Span[..skipped]))
        {
            Diverged = true;
            return default;
        }

        _skip -= skipped;
        return bytes[skipped..];
    }

    // How many bytes lead up to and include the needle's first occurrence: rather a line twice than a line lost.
    private int Search(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            while (_matched > 0 && _needle[_matched] != bytes[i]) _matched = _fallback[_matched - 1];
            if (_needle[_matched] == bytes[i]) _matched++;
            if (_matched < _needle.Length) continue;
            Found = true;
            return i + 1;
        }

        return bytes.Length;
    }

    private bool SameAsFile(ReadOnlySpan<byte> bytes)
    {
        RegularFile.Check(_path);
        using var stream = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Seek(_compared, SeekOrigin.Begin);
        var held = new byte[bytes.Length];
        _compared += stream.ReadAtLeast(held, held.Length, throwOnEndOfStream: false);
        return bytes.SequenceEqual(held);
    }

    // Knuth, Morris and Pratt: the longest prefix that is also a suffix, for every prefix.
    private static int[] Fallback(byte[] needle)
    {
        var table = new int[needle.Length];
        for (int i = 1, k = 0; i < needle.Length; i++)
        {
            while (k > 0 && needle[k] != needle[i]) k = table[k - 1];
            if (needle[k] == needle[i]) k++;
            table[i] = k;
        }

        return table;
    }
}
