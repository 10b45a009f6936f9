using System.Collections.Concurrent;

namespace Scitq.Fetch.Transfers;

/// <summary>Lets the other files go on when one fails, and tells of all failures in the end.</summary>
internal sealed class Failures
{
    private readonly ConcurrentQueue<FetchException> _failures = new();

    public async Task CatchAsync(Func<Task> file)
    {
        try
        {
            await file();
        }
        catch (DiskFullException)
        {
            // It will be full for the next file, too.
            throw;
        }
        catch (FetchException e)
        {
            _failures.Enqueue(e);
        }
    }

    public void Add(FetchException failure) => _failures.Enqueue(failure);

    public void ThrowIfAny()
    {
        if (!_failures.TryPeek(out var first)) return;
        if (_failures.Count == 1) throw first;
        first.Failures = [.. _failures];
        throw first;
    }
}
