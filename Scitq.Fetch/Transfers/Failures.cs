using System.Collections.Concurrent;
using Scitq.Fetch.Local;

namespace Scitq.Fetch.Transfers;

/// <summary>Lets the other files go on when one fails, unless they would fail in the same way, and tells of all failures in the end.</summary>
internal sealed class Failures
{
    private readonly ConcurrentQueue<FetchException> _failures = new();

    /// <param name="shown">The file to name in messages.</param>
    /// <param name="file">Its transfer.</param>
    /// <param name="isOfOne">Whether a failure concerns this one alone; unless told otherwise, all do that would not befall every other.</param>
    public async Task CatchAsync(string shown, Func<Task> file, Func<FetchException, bool>? isOfOne = null)
    {
        try
        {
            await file();
        }
        catch (Exception e) when (Of(e, shown) is { } fault)
        {
            if (fault.IsOfAll || fault is DiskFullException || isOfOne?.Invoke(fault) == false) throw fault == e ? e : fault;
            _failures.Enqueue(fault);
        }
    }

    public void Add(FetchException failure)
    {
        foreach (var one in failure.Failures) _failures.Enqueue(one);
    }

    /// <param name="moved">The files that did not fail.</param>
    public void ThrowIfAny(TransferResult? moved = null)
    {
        if (!_failures.TryPeek(out var first)) return;
        first.Moved = moved;
        if (_failures.Count > 1) first.Failures = [.. _failures];
        throw first;
    }

    /// <summary>The fault as this one file's; null when it is none of those.</summary>
    private static FetchException? Of(Exception fault, string shown) => fault as FetchException ?? LocalErrors.Classify(fault, shown) as FetchException
        ?? (fault is IOException or NotSupportedException ? new TransferExhaustedException($"{Redacted.Of(shown)}: {fault.Message}", fault) : null);
}
