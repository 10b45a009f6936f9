using System.Buffers;
using System.Buffers.Binary;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>The two stream files of a run, filled from the engine's multiplexed streams.</summary>
internal sealed class StreamFiles(Stream stdout, Stream stderr) : IDisposable
{
    private long lost;

    /// <summary>The files of a run.</summary>
    public static StreamFiles Of(WorkDirectory directory) => new(Open(directory.Stdout), Open(directory.Stderr));

    /// <summary>Why some of the output is not in the files; null when all is.</summary>
    public string? Problem => lost == 0 ? noted : $"{lost} bytes of its output could not be kept: {fault}{(noted is null ? "" : $" Also, {noted}")}";

    private string? noted;
    private string? fault;

    /// <summary>When bytes last came, as a <see cref="Environment.TickCount64"/>.</summary>
    public long LastBytes { get; private set; } = Environment.TickCount64;

    /// <summary>Copies until the stream's end, or until a resume has diverged. Frames are 8 bytes (1 = stdout or 2 = stderr, 0, 0, 0, big-endian length) and so many bytes.</summary>
    public async Task CopyAsync(Stream multiplexed, LogResume? stdoutResume, LogResume? stderrResume, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            var (start, end) = (0, 0);
            var (left, kind) = (0L, 0);
            while (true)
            {
                if (left == 0 && end - start >= 8)
                {
                    (kind, left) = (buffer[start], BinaryPrimitives.ReadUInt32BigEndian(buffer.AsSpan(start + 4)));
                    if (kind is not (1 or 2)) throw new IOException($"the docker engine sent a frame of the unknown kind {kind}.");
                    start += 8;
                    continue;
                }

                if (left > 0 && end > start)
                {
                    var take = (int)Math.Min(left, end - start);
                    await WriteAsync(kind == 1 ? stdout : stderr, buffer.AsMemory(start, take), kind == 1 ? stdoutResume : stderrResume, ct);
                    if (stdoutResume?.Diverged == true || stderrResume?.Diverged == true) return;
                    (start, left) = (start + take, left - take);
                    continue;
                }

                if (start > 0) buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, end) = (0, end - start);
                var read = await multiplexed.ReadAsync(buffer.AsMemory(end), ct);
                if (read == 0) return;
                end += read;
                LastBytes = Environment.TickCount64;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Notes that something is missing; the first note stays.</summary>
    public void Note(string problem) => noted ??= problem;

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
            lost += bytes.Length - (file.CanSeek ? Math.Max(0, file.Position - before) : 0);
            fault ??= e.Message;
        }
    }

    // Without a buffer of its own: what the file holds is what has been taken from the engine, also after a crash.
    private static FileStream Open(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0,
    });
}
