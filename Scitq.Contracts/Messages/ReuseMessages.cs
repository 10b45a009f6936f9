namespace Scitq.Contracts.Messages;

/// <summary>
/// A worker asks whether the result of an identical task may be taken instead of running this one. To <see cref="Queues.Claims"/>; answered by
/// <see cref="ReusableFound"/>. Nothing depends on the answer: a worker that hears none runs the task.
/// </summary>
public sealed record FindReusable
{
    /// <summary>The worker's name.</summary>
    public required string Worker { get; init; }

    /// <summary>Returned with the answer.</summary>
    public required long Request { get; init; }

    /// <summary>The task that could be spared.</summary>
    public required Guid TaskId { get; init; }

    /// <summary>A digest of all parts.</summary>
    public required string Key { get; init; }

    /// <summary>The parts that the key is made from.</summary>
    public required IReadOnlyList<CachePart> Parts { get; init; }
}

/// <summary>The answer to <see cref="FindReusable"/>. To <see cref="Queues.Worker"/>.</summary>
public sealed record ReusableFound
{
    /// <summary>From the request.</summary>
    public required long Request { get; init; }

    /// <summary>Results of identical tasks, the newest first; whether their outputs are still there is the worker's to see.</summary>
    public IReadOnlyList<ReusableResult> Results { get; init; } = [];

    /// <summary>Without a result: in what this task differs from the nearest one, in one line.</summary>
    public string? Difference { get; init; }
}

/// <summary>The result of an identical task.</summary>
/// <param name="Number">The task's small number.</param>
/// <param name="Output">The folder it delivered to; null when it delivered nothing.</param>
/// <param name="Files">The files it delivered.</param>
public sealed record ReusableResult(long Number, DataUri? Output, IReadOnlyList<OutputFile> Files);

/// <summary>One part of what the result of a task depends on.</summary>
/// <param name="Name">The name of the part: <c>command</c>, <c>image</c>, <c>input reads.fastq.gz</c>…</param>
/// <param name="Value">Its value now: a text, or for data something that tells one content from another.</param>
/// <param name="Size">Of data: its bytes, if known.</param>
/// <param name="Uri">Of data: where it was, without secrets. Not part of what is compared.</param>
public sealed record CachePart(string Name, string Value, long? Size = null, string? Uri = null);

/// <summary>The part of an attempt's end that concerns reuse.</summary>
public sealed record CacheRecord
{
    /// <summary>Stands for all the task was made from, when it was the same before and after the data was fetched.</summary>
    public string? Key { get; init; }

    /// <summary>The parts that the key is made from.</summary>
    public IReadOnlyList<CachePart> Parts { get; init; } = [];

    /// <summary>The number of the task whose outputs were taken instead of running the command.</summary>
    public long? From { get; init; }

    /// <summary>Why no earlier result was taken.</summary>
    public string? NotReused { get; init; }
}
