namespace Scitq.Agent.Parts;

/// <summary>Wakes one loop; setting it twice before the loop looks is the same as once.</summary>
internal sealed class Signal(TimeProvider time)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _set = New();

    public void Set()
    {
        lock (_lock) _set.TrySetResult();
    }

    public Task WaitAsync(CancellationToken ct) => WaitAsync(Timeout.InfiniteTimeSpan, ct);

    /// <summary>False when the time passed without a signal.</summary>
    public async Task<bool> WaitAsync(TimeSpan patience, CancellationToken ct)
    {
        Task set;
        lock (_lock) set = _set.Task;
        await set.WaitAsync(patience, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ct.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (!_set.Task.IsCompleted) return false;
            _set = New();
            return true;
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
