using System.Diagnostics.CodeAnalysis;
using Scitq.Fetch;

namespace Scitq.Agent.Staging;

/// <summary>One look at a resource's source, and the download that it may bring, for all who want it meanwhile.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Without a timer the source holds nothing, and who leaves last may come after the landing.")]
internal sealed class ResourceFlight : IProgress<TransferProgress>
{
    private readonly Lock _lock = new();
    private readonly List<IProgress<TransferProgress>> _listeners = [];
    private readonly CancellationTokenSource _stop = new();
    private TransferProgress? _last;
    private long _fetched;
    private int _waiting;

    public ResourceFlight(long begun, Func<ResourceFlight, Task<KeptResource>> fly)
    {
        Begun = begun;
        Landing = Task.Run(() =>
        {
            TransferTroubles.Listen(Trouble);
            return fly(this);
        });
    }

    /// <summary>When, as a timestamp.</summary>
    public long Begun { get; }

    /// <summary>What it brings.</summary>
    public Task<KeptResource> Landing { get; }

    /// <summary>Fires when nobody wants it any more.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Why the source could not be asked, though a copy is there.</summary>
    public string? Warning { get; set; }

    /// <summary>Waits with the others; false when it is being stopped, because for a moment nobody did.</summary>
    public bool TryJoin(IProgress<TransferProgress> listener)
    {
        lock (_lock)
        {
            if (_stop.IsCancellationRequested) return false;
            _waiting++;
            _listeners.Add(listener);
            if (_last is { } last) listener.Report(last);
            return true;
        }
    }

    public void Leave(IProgress<TransferProgress> listener)
    {
        lock (_lock)
        {
            _listeners.Remove(listener);
            if (--_waiting == 0 && !Landing.IsCompleted) _stop.Cancel();
        }
    }

    public void Report(TransferProgress value)
    {
        lock (_lock)
        {
            _last = value;
            foreach (var listener in _listeners) listener.Report(value);
        }
    }

    private void Trouble(string text)
    {
        lock (_lock)
            foreach (var listener in _listeners.OfType<StagingProgress.Part>()) listener.Trouble(text);
    }

    public void Fetched(long bytes) => Interlocked.Exchange(ref _fetched, bytes);

    /// <summary>The bytes it has moved, told once: they were fetched for one, and the others found them there.</summary>
    public long TakeFetched() => Interlocked.Exchange(ref _fetched, 0);
}
