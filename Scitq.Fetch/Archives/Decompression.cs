using System.ComponentModel;
using System.Diagnostics;
using System.IO.Compression;

namespace Scitq.Fetch.Archives;

/// <summary>A compressed file as a stream of its content: gzip by .NET, bzip2, xz and zstd by the programs of that name.</summary>
internal sealed class Decompression : IAsyncDisposable
{
    private readonly FileStream? _file;
    private readonly Process? _process;
    private readonly string _shown;

    private Decompression(Stream stream, FileStream? file, Process? process, string shown) =>
        (Stream, _file, _process, _shown) = (stream, file, process, shown);

    public Stream Stream { get; }

    public static async Task<Decompression> OpenAsync(string path, string shown, CancellationToken ct)
    {
        var program = await Archive.MagicAsync(path, ct) switch
        {
            [0x1F, 0x8B, ..] => "gzip",
            [(byte)'B', (byte)'Z', (byte)'h', ..] => "bzip2",
            [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0] => "xz",
            [0x28, 0xB5, 0x2F, 0xFD, ..] => "zstd",
            [] => throw new InvalidDataException("it is empty."),
            _ => null,
        };
        if (program is null or "gzip")
        {
            var file = Archive.Open(path);
            return new Decompression(program is null ? file : new GZipStream(file, CompressionMode.Decompress), file, null, shown);
        }

        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, ArgumentList = { "-dcq", "--", path } };
        try
        {
            var process = Process.Start(start)!;
            return new Decompression(process.StandardOutput.BaseStream, null, process, shown);
        }
        catch (Win32Exception e)
        {
            throw new UnsupportedTransferException($"{shown}: unpacking it needs the program '{program}', which could not be started ({e.Message}).", e);
        }
    }

    /// <summary>Reads to the end, so that a checksum there is verified.</summary>
    public async Task FinishAsync(CancellationToken ct)
    {
        await Stream.CopyToAsync(Stream.Null, ct);
        if (_process is null) return;
        await _process.WaitForExitAsync(ct);
        if (_process.ExitCode != 0) throw new IntegrityException($"{_shown}: {_process.StartInfo.FileName} ended with code {_process.ExitCode}: the file is damaged.");
    }

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        if (_file is not null) await _file.DisposeAsync();
        if (_process is null) return;
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
