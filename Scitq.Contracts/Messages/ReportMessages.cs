namespace Scitq.Contracts.Messages;

/// <summary>
/// The latest reports about attempts of one worker, one for each. To <see cref="Queues.Reports"/>; ends are answered by <see cref="ReportsAnswered"/>.
/// </summary>
public sealed record AttemptReports
{
    /// <summary>The worker's name.</summary>
    public required string Worker { get; init; }

    /// <summary>One an attempt.</summary>
    public required IReadOnlyList<AttemptReport> Items { get; init; }
}

/// <summary>Names one attempt and the lease it is run under; anything that does not match the current one changes nothing.</summary>
public sealed record AttemptKey(Guid TaskId, int Attempt, Guid Lease);

/// <summary>The state of one attempt.</summary>
public sealed record AttemptReport
{
    /// <summary>The attempt.</summary>
    public required AttemptKey Key { get; init; }

    /// <summary>The stage that it has reached.</summary>
    public required AttemptStage Stage { get; init; }

    /// <summary>For people: <c>pulling ubuntu:22.04 … 40 %</c>.</summary>
    public string? Phase { get; init; }

    /// <summary>When the command started, by the worker's clock (UTC).</summary>
    public DateTime? Started { get; init; }

    /// <summary>With <see cref="AttemptStage.Ended"/>: how.</summary>
    public AttemptResult? Result { get; init; }

    /// <summary>Output not yet sent by <see cref="OutputAppended"/>: what little a short task prints travels with its end.</summary>
    public IReadOnlyList<OutputChunk>? Output { get; init; }
}

/// <summary>Where an attempt stands on its worker.</summary>
public enum AttemptStage
{
    /// <summary>Being staged or waiting for a slot.</summary>
    Accepted,

    /// <summary>The command runs.</summary>
    Running,

    /// <summary>The command has ended; output is being collected.</summary>
    Uploading,

    /// <summary>Over: <see cref="AttemptReport.Result"/> says how.</summary>
    Ended,

    /// <summary>Given back without having started (drain, fewer slots): to be queued again at no cost to the user's retries.</summary>
    Released,
}

/// <summary>How an attempt ended.</summary>
public sealed record AttemptResult
{
    /// <summary>Null when it succeeded.</summary>
    public FailureClass? Failure { get; init; }

    /// <summary>One line for people: what failed, on what, why, what to try.</summary>
    public string? Reason { get; init; }

    /// <summary>The command's exit code; 128 + n when signal n ended it; null when it never started.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When the command ended, by the worker's clock (UTC); null when it never started.</summary>
    public DateTime? RunEnded { get; init; }

    /// <summary>When the attempt ended, by the worker's clock (UTC).</summary>
    public required DateTime Finished { get; init; }

    /// <summary>Bytes of stdout the coordinator holds once all of it has arrived.</summary>
    public long StdoutBytes { get; init; }

    /// <summary>Bytes of stderr the coordinator holds once all of it has arrived.</summary>
    public long StderrBytes { get; init; }

    /// <summary>The highest memory use in bytes, all processes together; null when unknown.</summary>
    public long? PeakMemory { get; init; }

    /// <summary>CPU seconds of all processes; null when unknown.</summary>
    public double? CpuSeconds { get; init; }

    /// <summary>Bytes fetched for this attempt.</summary>
    public long BytesIn { get; init; }

    /// <summary>Bytes delivered to the output URI.</summary>
    public long BytesOut { get; init; }

    /// <summary>The manifest: all files that were delivered.</summary>
    public IReadOnlyList<OutputFile> Outputs { get; init; } = [];

    /// <summary>With <see cref="TaskSpec.UseCache"/>: what the result was made from, and whether it was made at all.</summary>
    public CacheRecord? Cache { get; init; }

    /// <summary>Lines that the user should read although the task did not fail for them: skipped files, a masked out-of-memory kill…</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>One delivered file.</summary>
/// <param name="Name">Its path relative to the output folder, with <c>/</c>.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Md5">Lower-case hexadecimal MD5 of its content.</param>
public sealed record OutputFile(string Name, long Size, string? Md5);

/// <summary>Acknowledges ends: they are recorded, and the worker may forget them.</summary>
public sealed record ReportsAnswered
{
    /// <summary>Ends that are recorded (or came too late and will never count).</summary>
    public required IReadOnlyList<AttemptKey> Recorded { get; init; }
}

/// <summary>
/// Part of a stream of an attempt. To <see cref="Queues.Logs"/>; answered by <see cref="OutputStored"/>. Stored by offset: repeated or out of order,
/// it is stored once.
/// </summary>
public sealed record OutputAppended
{
    /// <summary>The worker's name.</summary>
    public required string Worker { get; init; }

    /// <summary>The attempt.</summary>
    public required AttemptKey Key { get; init; }

    /// <summary>The bytes.</summary>
    public required OutputChunk Chunk { get; init; }
}

/// <summary>Bytes of one stream.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Offset">Where in the stream the first byte belongs.</param>
/// <param name="Data">The bytes, as they came (base64 in JSON).</param>
public sealed record OutputChunk(OutputStream Stream, long Offset, byte[] Data);

/// <summary>The two streams of a command.</summary>
public enum OutputStream
{
    /// <summary>Standard output.</summary>
    Stdout,

    /// <summary>Standard error.</summary>
    Stderr,
}

/// <summary>How far a stream is stored. To <see cref="Queues.Worker"/>.</summary>
/// <param name="Key">The attempt.</param>
/// <param name="Stream">The stream.</param>
/// <param name="Length">All bytes before this offset are stored; send the rest from here.</param>
public sealed record OutputStored(AttemptKey Key, OutputStream Stream, long Length);
