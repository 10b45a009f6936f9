using Scitq.Agent.Parts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Slots;

/// <summary>
/// How many attempts this worker has room for. An attempt holds a <em>place</em> from its claim to the end of its command, a <em>slot</em> while its
/// command runs, and of those that deliver without a place there are only so many: without a limit, a slow store would let output fill the disk.
/// </summary>
internal sealed class Capacity
{
    private volatile int _concurrency;
    private volatile int _prefetch;

    public Capacity(int concurrency, int prefetch, TimeProvider time)
    {
        (_concurrency, _prefetch) = (concurrency, prefetch);
        PlaceFreed = new Signal(time);
        Slots = new SlotGate(concurrency, time);
        Places = new SlotGate(concurrency + prefetch, time, PlaceFreed);
        Uploads = new SlotGate(UploadsBeside(concurrency), time);
    }

    public SlotGate Slots { get; }

    public SlotGate Places { get; }

    public SlotGate Uploads { get; }

    /// <summary>Set when a place may have become free.</summary>
    public Signal PlaceFreed { get; }

    /// <summary>How many commands may run at once while the worker is not paused.</summary>
    public int Concurrency => _concurrency;

    /// <summary>Whether more attempts wait to be run than can run.</summary>
    public bool IsBusy => Places.Taken > Slots.Limit;

    /// <summary>Whether the next attempt is not needed at once.</summary>
    public bool HasWorkAhead => Slots.Waiting > _prefetch / 2;

    public void Set(WorkerSettings settings)
    {
        (_concurrency, _prefetch) = (settings.Concurrency, settings.Prefetch);
        Slots.Limit = settings.Paused ? 0 : settings.Concurrency;
        Places.Limit = settings.Concurrency + settings.Prefetch;
        Uploads.Limit = UploadsBeside(settings.Concurrency);
    }

    private static int UploadsBeside(int concurrency) => Math.Max(2, concurrency);
}
