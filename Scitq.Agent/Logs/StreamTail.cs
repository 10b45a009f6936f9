using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Scitq.Agent.Files;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Logs;

/// <summary>
/// One stream of one attempt, read from its file by the offset at which it is stored. Of a stream that outgrows the cap
/// the first half is stored as it comes and the last half at the end, with a line between that tells how much was cut.
/// Of a task that wants its secrets masked, what may be the beginning of one waits for the next byte, or for the end.
/// </summary>
internal sealed class StreamTail(string path, OutputStream stream, long cap, OutputMask? mask = null)
{
    private const int Block = 4096;
    private readonly long _half = cap / 2;
    private readonly int _margin = mask?.Margin ?? 0;
    private long _punched = (cap / 2 + (mask?.Margin ?? 0)) / Block * Block + Block;
    private byte[] _marker = [];
    private long _final = -1;

    public OutputStream Stream { get; } = stream;

    /// <summary>How far the coordinator has stored it.</summary>
    public long Stored { get; set; }

    /// <summary>When the chunk in flight was sent; null when there is none.</summary>
    public long? Sent { get; set; }

    /// <summary>A chunk was not answered: the next answer is believed even if it goes back.</summary>
    public bool Doubtful { get; set; }

    /// <summary>Since when the file can't be read; null while it can.</summary>
    public long? Unreadable { get; set; }

    /// <summary>Why not all that was printed will be stored; null when it will.</summary>
    public string? Lost { get; private set; }

    /// <summary>Whether all that will ever be stored is known and stored.</summary>
    public bool Done => _final >= 0 && (Lost is not null || Stored >= Length);

    /// <summary>How long the stored stream is, or will be as far as known now.</summary>
    public long Length =>
        Lost is not null ? Stored : _final < 0 ? Math.Min(FileLength, _half) : _final <= cap ? _final : _half + _marker.Length + (cap - _half);

    public long FileLength => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    /// <summary>Nothing more will be written to the file.</summary>
    public void Complete()
    {
        if (_final >= 0) return;
        var length = FileLength;
        _marker = length <= cap ? [] : Encoding.ASCII.GetBytes($"\n[scitq: {length - cap} bytes cut here]\n");
        _final = length;
    }

    /// <summary>The rest can't be had: somebody has removed, shortened or closed the file after the command's end, or the disk fails.</summary>
    public void GiveUp(string problem)
    {
        if (_final >= 0) Lost ??= problem;
    }

    /// <summary>Reads what follows <see cref="Stored"/>, at most this much.</summary>
    public byte[] Next(int most)
    {
        var left = Length - Stored;
        if (left <= 0) return [];
        // Beyond the cap the stored stream is head, marker, tail.
        if (_final <= cap || Stored < _half)
        {
            var end = _final > cap ? _half : Length;
            return Read(Stored, (int)Math.Min(most, end - Stored));
        }

        var inMarker = Stored - _half;
        if (inMarker < _marker.Length) return _marker[(int)inMarker..];
        return Read(_final - (cap - _half) + inMarker - _marker.Length, (int)Math.Min(most, left));
    }

    /// <summary>Gives the blocks back to the disk that will never be stored: behind the first half, before the last.</summary>
    public void Punch()
    {
        var keepFrom = (FileLength - (cap - _half) - _margin) / Block * Block;
        if (keepFrom - _punched < 1024 * 1024) return;
        RegularFile.Check(path);
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        if (Fallocate(file, PunchHole | KeepSize, _punched, keepFrom - _punched) == 0) _punched = keepFrom;
    }

    private byte[] Read(long offset, int count)
    {
        if (mask is null) return ReadFile(offset, count);
        var from = Math.Max(0, offset - _margin);
        var known = _final < 0 ? FileLength : _final;
        var bytes = ReadFile(from, (int)Math.Max(0, Math.Min(known, offset + count + _margin) - from));
        var (start, decided) = ((int)(offset - from), mask.Apply(bytes));
        var end = Math.Min(start + count, _final < 0 ? decided : bytes.Length);
        return end <= start ? [] : bytes[start..end];
    }

    private byte[] ReadFile(long offset, int count)
    {
        RegularFile.Check(path);
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[count];
        var read = 0;
        while (read < count && RandomAccess.Read(file, bytes.AsSpan(read), offset + read) is var n and > 0) read += n;
        return read == count ? bytes : bytes[..read];
    }

    private const int KeepSize = 1;
    private const int PunchHole = 2;

    [DllImport("libc", EntryPoint = "fallocate64", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Fallocate(SafeFileHandle file, int mode, long offset, long length);
}
