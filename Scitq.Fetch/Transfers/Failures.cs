using System.Collections.Concurrent;

namespace Scitq.Fetch.Transfers;

/// <summary>Lets the other files go on when one fails, unless they would fail in the same way, and tells of all failures in the end.</summary>
internal sealed class Failures
{
    private readonly ConcurrentQueue<FetchException> _failures = new();

    public async Task CatchAsync(Func<Task> file)
    {
        try
        {
            await file();
        }
        catch (FetchException e) when (!(e.IsOfAll || e is DiskFullException))
        {
            _failures.Enqueue(e);
        }
    }

    public void Add(FetchException failure) => _failures.Enqueue(failure);

    /// <param name="moved">What did not fail.</param>
    public void ThrowIfAny(TransferResult? moved = null)
    {
        if (!_failures.TryPeek(out var first)) return;
        first.Moved = moved;
        if (_failures.Count > 1) first.Failures = [.. _failures];
        throw first;
    }
}
