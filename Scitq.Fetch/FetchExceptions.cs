using Scitq.Contracts;

namespace Scitq.Fetch;

/// <summary>A transfer failed. The message is one line that names the URI (secrets masked), the reason and, where there is one, the remedy.</summary>
/// <param name="message">One line for people.</param>
/// <param name="inner">The exception beneath it, if any.</param>
public abstract class FetchException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>When several files were meant: each failure. Otherwise only this one.</summary>
    public IReadOnlyList<FetchException> Failures { get => field ?? [this]; internal set; }

    /// <summary>When several files were meant: those that were moved nevertheless. Otherwise null.</summary>
    public TransferResult? Moved { get; internal set; }

    /// <summary>Whether every other file would fail in the same way: there is no such bucket, the disk is full, nobody knows the key.</summary>
    internal bool IsOfAll { get; init; }
}

/// <summary>The URI cannot be used: malformed, a name that leads outside of the destination, an action on the wrong thing. Trying again is useless.</summary>
public sealed class BadUriException(string message, Exception? inner = null) : FetchException(message, inner);

/// <summary>There is no such file, object, folder, bucket or accession. Trying again is useless.</summary>
public sealed class DataNotFoundException(string message, Exception? inner = null) : FetchException(message, inner);

/// <summary>The store, or the local file system, refuses access. Trying again is useless until rights change.</summary>
public sealed class AccessDeniedException(string message, Exception? inner = null) : FetchException(message, inner);

/// <summary>The scheme cannot do this, or a program it needs is not there.</summary>
public sealed class UnsupportedTransferException(string message, Exception? inner = null) : FetchException(message, inner);

/// <summary>
/// The data that arrived differ from those of the source: size, checksum or archive are wrong, or the source changed meanwhile. Nothing was
/// published.
/// </summary>
public sealed class IntegrityException(string message, Exception? inner = null) : FetchException(message, inner);

/// <summary>The local disk (or quota) could not hold it.</summary>
public sealed class DiskFullException(string message, Exception? inner = null) : FetchException(message, inner);

/// <summary>
/// Faults that usually pass (5xx, resets, stalls) did not, for all of <see cref="FetchOptions.Attempts"/>. Trying again later makes sense and
/// continues where it stopped.
/// </summary>
public sealed class TransferExhaustedException(string message, Exception? inner = null) : FetchException(message, inner)
{
    /// <summary>The message without the number of attempts: who tries again has a number of its own.</summary>
    internal string Reason { get => field ?? Message; init; }
}

/// <summary>A fault that may pass; never leaves the library.</summary>
internal sealed class TransientException(string message, Exception? inner = null, TimeSpan? retryAfter = null) : Exception(message, inner)
{
    /// <summary>The pause the server asks for.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

/// <summary>The source is no longer the version that was being read; never leaves the library.</summary>
internal sealed class SourceChangedException(DataUri uri) : Exception($"{Redacted.Of(uri)} changed while it was read.");
