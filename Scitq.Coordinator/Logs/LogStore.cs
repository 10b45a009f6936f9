using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Logs;

/// <summary>
/// Output of attempts, as append-by-offset files below the data directory, which coordinators may share: bytes go where
/// their offset says, so that two who store the same chunk write the same.
/// </summary>
internal sealed partial class LogStore(CoordinatorOptions options, TaskWatch watch, TimeProvider clock, ILogger<LogStore> logger)
{
    private readonly string _root = Path.GetFullPath(options.Logs);
    private readonly SemaphoreSlim[] _stripes = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];
    private long _since;

    /// <summary>Why output can't be stored now; null while it can.</summary>
    public string? Problem { get; private set; }

    /// <summary>Whether this says that the disk does not take what tasks print; told once, and then at its end.</summary>
    public bool Note(Exception exception)
    {
        if (exception.GetBaseException() is not NotStoredException e) return false;
        if (Problem is null)
        {
            _since = clock.GetTimestamp();
            Log.NotStored(logger, e.Message);
        }

        Problem = e.Message;
        return true;
    }

    /// <summary>Stores the part of the chunk that is new, unless it would leave a gap; returns how far the stream is stored.</summary>
    public async Task<long> AppendAsync(Guid task, int attempt, OutputChunk chunk, CancellationToken ct)
    {
        var path = FilePath(task, attempt, chunk.Stream);
        var stripe = _stripes[(task.GetHashCode() & int.MaxValue) % _stripes.Length];
        await stripe.WaitAsync(ct);
        try
        {
            await using var file = Open(path);
            var stored = file.Length;
            var known = stored - chunk.Offset;
            if (chunk.Offset < 0 || known < 0 || known >= chunk.Data.Length) return stored;
            file.Position = stored;
            await file.WriteAsync(chunk.Data.AsMemory((int)known), ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whatever it is, it is not the message's fault: a message thrown away for it would be a loss.
            throw new NotStoredException(_root, e);
        }
        finally
        {
            stripe.Release();
        }

        if (Problem is not null)
        {
            Problem = null;
            Log.Stored(logger, clock.GetElapsedTime(_since).TotalSeconds);
        }

        watch.Printed(task);
        return chunk.Offset + chunk.Data.Length;
    }

    /// <summary>How many bytes are stored.</summary>
    public long Length(Guid task, int attempt, OutputStream stream)
    {
        var file = new FileInfo(FilePath(task, attempt, stream));
        return file.Exists ? file.Length : 0;
    }

    /// <summary>Reads from the offset on as much as is there and fits; 0 at the end.</summary>
    public async ValueTask<int> ReadAsync(Guid task, int attempt, OutputStream stream, long offset, Memory<byte> buffer, CancellationToken ct)
    {
        var path = FilePath(task, attempt, stream);
        if (Length(task, attempt, stream) <= offset) return 0;
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return await RandomAccess.ReadAsync(file, buffer, offset, ct);
    }

    /// <summary>Removes all that a task has printed.</summary>
    public void Remove(Guid task)
    {
        try
        {
            Directory.Delete(DirectoryOf(task), recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // It has printed nothing, or it is gone already.
        }
    }

    /// <summary>The tasks of which there is output: when the last of it was written (UTC), and how many bytes it is.</summary>
    public IEnumerable<(Guid Task, DateTime Written, long Bytes)> Stored()
    {
        if (!Directory.Exists(_root)) yield break;
        foreach (var directory in new DirectoryInfo(_root).EnumerateDirectories().SelectMany(part => part.EnumerateDirectories()))
        {
            if (!Guid.TryParseExact(directory.Name, "N", out var task)) continue;
            var (written, bytes) = (directory.LastWriteTimeUtc, 0L);
            foreach (var file in directory.EnumerateFiles())
            {
                if (file.LastWriteTimeUtc > written) written = file.LastWriteTimeUtc;
                bytes += file.Length;
            }

            yield return (task, written, bytes);
        }
    }

    /// <summary>Where the bytes are; made of a GUID, a number and a fixed word, never of anybody's text.</summary>
    public string FilePath(Guid task, int attempt, OutputStream stream) =>
        Path.Combine(DirectoryOf(task), $"{attempt}.{(stream == OutputStream.Stdout ? "stdout" : "stderr")}");

    private string DirectoryOf(Guid task)
    {
        var id = task.ToString("N");
        return Path.Combine(_root, id[^2..], id);
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 0);
        }
        catch (DirectoryNotFoundException)
        {
            // The first output of the task.
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 0);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Problem}; what tasks print and how they end waits to be recorded")]
        public static partial void NotStored(ILogger logger, string problem);

        [LoggerMessage(2, LogLevel.Information, "Output can be stored again, after {Seconds:0} s")]
        public static partial void Stored(ILogger logger, double seconds);
    }
}
