using System.Buffers;
using Docker.DotNet;
using Scitq.Agent.Files;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>The two stream files of a run, filled from what the engine sends of a container.</summary>
internal sealed class StreamFiles(Stream stdout, Stream stderr, TimeProvider clock) : IDisposable
{
    private const int BufferSize = 64 * 1024;

    private string? _noted;
    private string? _fault;
    private long _lost;
    private long _last = clock.GetTimestamp();

    /// <summary>The files of a run.</summary>
    public static StreamFiles Of(WorkDirectory directory, TimeProvider clock) => new(Open(directory.Stdout), Open(directory.Stderr), clock);

    /// <summary>Why some of the output is not in the files; null when all is.</summary>
    public string? Problem => _lost == 0 ? _noted : $"{_lost} bytes of its output could not be kept: {_fault}{(_noted is null ? "" : $" Also, {_noted}")}";

    /// <summary>How long nothing has come.</summary>
    public TimeSpan Silence => clock.GetElapsedTime(Volatile.Read(ref _last));

    /// <summary>Copies until the stream's end, or until a resume has diverged.</summary>
    public async Task CopyAsync(MultiplexedStream both, LogResume? stdoutResume, LogResume? stderrResume, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (await both.ReadOutputAsync(buffer, 0, buffer.Length, ct) is { EOF: false } read)
            {
                Volatile.Write(ref _last, clock.GetTimestamp());
                var isError = read.Target == MultiplexedStream.TargetStream.StandardError;
                await WriteAsync(isError ? stderr : stdout, buffer.AsMemory(0, read.Count), isError ? stderrResume : stdoutResume, ct);
                if (stdoutResume?.Diverged == true || stderrResume?.Diverged == true) return;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Notes that something is missing; the first note stays.</summary>
    public void Note(string problem) => _noted ??= problem;

    public void Dispose()
    {
        stdout.Dispose();
        stderr.Dispose();
    }

    private async ValueTask WriteAsync(Stream file, ReadOnlyMemory<byte> bytes, LogResume? resume, CancellationToken ct)
    {
        if (resume is not null) bytes = resume.New(bytes);
        if (bytes.IsEmpty) return;
        var before = file.CanSeek ? file.Position : 0;
        try
        {
            await file.WriteAsync(bytes, ct);
        }
        catch (IOException e)
        {
            // The command must not stall on a pipe nobody reads: what has no room is dropped, what comes when there is room again is kept.
            if (file.CanSeek) file.Seek(0, SeekOrigin.End);
            _lost += bytes.Length - (file.CanSeek ? Math.Max(0, file.Position - before) : 0);
            _fault ??= e.Message;
        }
    }

    // Without a buffer of its own: what the file holds is what has been taken from the engine, also after a crash.
    private static FileStream Open(string path)
    {
        RegularFile.Check(path);
        return new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0,
        });
    }
}
