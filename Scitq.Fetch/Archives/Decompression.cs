using System.ComponentModel;
using System.Diagnostics;

namespace Scitq.Fetch.Archives;

/// <summary>A compressed file as a stream of its content: gzip here, bzip2, xz and zstd by the programs of that name.</summary>
internal sealed class Decompression : IAsyncDisposable
{
    private const int MostComplaint = 200;
    private readonly Process? _process;
    private readonly Task<string>? _complaint;
    private readonly string _shown;

    private Decompression(Stream stream, Process? process, string shown)
    {
        (Stream, _process, _shown) = (stream, process, shown);
        _complaint = process is null ? null : ComplaintAsync(process.StandardError);
    }

    public Stream Stream { get; }

    public static async Task<Decompression> OpenAsync(string path, string shown, CancellationToken ct)
    {
        switch (await Archive.MagicAsync(path, ct))
        {
            case []:
                throw new InvalidDataException("it is empty.");
            case [0x1F, 0x8B, ..]:
                return new Decompression(new Gunzip(Archive.Open(path)), null, shown);
            case [(byte)'B', (byte)'Z', (byte)'h', ..]:
                return ByProgram("bzip2", ["-dc"], path, shown);
            case [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]:
                // A small file can ask for gigabytes of memory; none that xz makes by itself needs that much.
                return ByProgram("xz", ["-dc", "--memlimit-decompress=512MiB"], path, shown);
            case [0x28, 0xB5, 0x2F, 0xFD, ..]:
                return ByProgram("zstd", ["-dcq"], path, shown);
            default:
                return new Decompression(Archive.Open(path), null, shown);
        }
    }

    /// <summary>Reads to the end, so that a checksum there is verified.</summary>
    public async Task FinishAsync(CancellationToken ct)
    {
        await Stream.CopyToAsync(Stream.Null, ct);
        if (_process is null) return;
        await _process.WaitForExitAsync(ct);
        // A program that only warns, of garbage behind the end, has not understood the whole file either.
        if (await _complaint! is var complaint && (_process.ExitCode != 0 || complaint.Length > 0))
            throw new IntegrityException(
                $"{_shown}: it is damaged or cut off: {_process.StartInfo.FileName} ended with code {_process.ExitCode} ({Redacted.Of(complaint)}). It is "
                + "refused, nothing of it was kept.");
    }

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        if (_process is null) return;
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        await _complaint!;
        _process.Dispose();
    }

    private static Decompression ByProgram(string program, string[] options, string path, string shown)
    {
        var start = new ProcessStartInfo(program, [.. options, "--", path]) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            var process = Process.Start(start)!;
            return new Decompression(process.StandardOutput.BaseStream, process, shown);
        }
        catch (Win32Exception e)
        {
            throw new UnsupportedTransferException($"{shown}: unpacking it needs the program '{program}', which could not be started ({e.Message}).", e);
        }
    }

    /// <summary>The beginning of what a program says; the rest is read, but not kept.</summary>
    private static async Task<string> ComplaintAsync(StreamReader from)
    {
        var kept = new char[MostComplaint];
        var length = await from.ReadBlockAsync(kept);
        var rest = new char[MostComplaint];
        while (await from.ReadBlockAsync(rest) > 0) { }
        return new string(kept, 0, length).Trim().ReplaceLineEndings(" ");
    }
}
