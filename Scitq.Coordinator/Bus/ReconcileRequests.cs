namespace Scitq.Coordinator.Bus;

/// <summary>
/// Where the reconciler is asked to look, by whichever part notices that messages may be missing. However often it is asked for, a batch is looked at once.
/// </summary>
internal sealed class ReconcileRequests : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _asked = new(0, 1);
    private HashSet<string> _batches = [];
    private bool _all;

    /// <summary>Asks for this batch, at once.</summary>
    public void Ask(string batch)
    {
        lock (_lock) _batches.Add(batch);
        Wake();
    }

    /// <summary>Asks for all batches, soon: something may be missing anywhere.</summary>
    public void AskForAll()
    {
        lock (_lock) _all = true;
    }

    /// <summary>Ends the wait.</summary>
    public void Wake()
    {
        lock (_lock)
            if (_asked.CurrentCount == 0) _asked.Release();
    }

    /// <summary>Returns once there is a request, or it is woken.</summary>
    public Task WaitAsync(CancellationToken ct) => _asked.WaitAsync(ct);

    /// <summary>Takes the requests that have come since it was last called.</summary>
    public (bool All, IReadOnlySet<string> Batches) Take()
    {
        lock (_lock)
        {
            var taken = (_all, _batches);
            (_all, _batches) = (false, []);
            return taken;
        }
    }

    public void Dispose() => _asked.Dispose();
}
