using Scitq.Agent.Parts;

namespace Scitq.Agent.Slots;

/// <summary>A number of slots that can change while they are in use. Who waits gets one in ascending order; lowering the limit takes none away.</summary>
/// <param name="limit">How many there are at first.</param>
/// <param name="time">The clock.</param>
/// <param name="freed">Set, outside any lock, when a slot may have become free.</param>
internal sealed class SlotGate(int limit, TimeProvider time, Signal? freed = null)
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<TaskCompletionSource, (long Order, long Arrival)> _waiting = new();
    private int _limit = limit;
    private int _taken;
    private long _arrivals;

    public int Taken
    {
        get
        {
            lock (_lock) return _taken;
        }
    }

    /// <summary>How many wait for a slot.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock) return _waiting.Count;
        }
    }

    public int Free
    {
        get
        {
            lock (_lock) return Math.Max(0, _limit - _taken);
        }
    }

    public int Limit
    {
        get
        {
            lock (_lock) return _limit;
        }

        set
        {
            lock (_lock)
            {
                _limit = value;
                Grant();
            }

            freed?.Set();
        }
    }

    /// <summary>Takes a slot whether or not one is free: for what holds one already.</summary>
    public void Seize()
    {
        lock (_lock) _taken++;
    }

    /// <summary>Takes a slot; false when none became free in time.</summary>
    public async Task<bool> TakeAsync(long order, TimeSpan patience, CancellationToken ct)
    {
        TaskCompletionSource granted;
        lock (_lock)
        {
            if (_taken < _limit)
            {
                _taken++;
                return true;
            }

            granted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(granted, (order, _arrivals++));
        }

        try
        {
            await granted.Task.WaitAsync(patience, time, ct);
            return true;
        }
        catch (TimeoutException)
        {
            return !granted.TrySetCanceled(CancellationToken.None);
        }
        catch (OperationCanceledException)
        {
            if (!granted.TrySetCanceled(CancellationToken.None)) Release();
            throw;
        }
    }

    public void Release()
    {
        lock (_lock)
        {
            _taken--;
            Grant();
        }

        freed?.Set();
    }

    private void Grant()
    {
        while (_taken < _limit && _waiting.TryDequeue(out var next, out _))
            if (next.TrySetResult()) _taken++;
    }
}
