using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Logs;

/// <summary>Output of attempts, as append-by-offset files below the data directory.</summary>
internal sealed class LogStore(CoordinatorOptions options)
{
    private readonly string _root = Path.Combine(options.Data, "logs");

    /// <summary>Stores the part of the chunk that is new, unless it would leave a gap; returns how far the stream is stored.</summary>
    public async Task<long> AppendAsync(Guid task, int attempt, OutputChunk chunk, CancellationToken ct)
    {
        var directory = Path.Combine(_root, task.ToString("N")[^2..], task.ToString("N"));
        Directory.CreateDirectory(directory);
        var name = chunk.Stream == OutputStream.Stdout ? "stdout" : "stderr";
        await using var file = new FileStream(Path.Combine(directory, $"{attempt}.{name}"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, 0);
        var stored = file.Length;
        var known = stored - chunk.Offset;
        if (known < 0 || known >= chunk.Data.Length) return stored;
        file.Position = stored;
        await file.WriteAsync(chunk.Data.AsMemory((int)known), ct);
        return chunk.Offset + chunk.Data.Length;
    }
}
