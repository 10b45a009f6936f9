using System.Diagnostics.CodeAnalysis;

namespace Scitq.Agent.Slots;

/// <summary>Wakes one loop; setting it twice before the loop looks is the same as once.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle is never asked for holds nothing to dispose of.")]
internal sealed class Signal
{
    private readonly SemaphoreSlim _semaphore = new(0, 1);

    public void Set()
    {
        try
        {
            if (_semaphore.CurrentCount == 0) _semaphore.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another thread set it in between: that is what was wanted.
        }
    }

    public Task WaitAsync(CancellationToken ct) => _semaphore.WaitAsync(ct);

    /// <summary>False when the time passed without a signal.</summary>
    public Task<bool> WaitAsync(TimeSpan patience, CancellationToken ct) => _semaphore.WaitAsync(patience, ct);
}
