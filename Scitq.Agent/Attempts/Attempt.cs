using Scitq.Agent.Journal;
using Scitq.Agent.Logs;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Slots;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>One attempt this agent holds, from the grant until nobody needs to know of it any more.</summary>
internal sealed class Attempt(JournalledAttempt journalled, WorkDirectory directory) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _revoked = new();
    private bool _started;
    private int _hasPlace = 1;

    public AttemptKey Key => journalled.Key;

    public long Number => journalled.Number;

    public TaskSpec Spec => journalled.Spec;

    /// <summary>Whether another message than its own has brought it; its own may bring another task.</summary>
    public bool ByAnother => journalled.ByAnother;

    /// <summary>Who waits for a slot gets it in ascending order: by priority, and of equal ones the task that was submitted first.</summary>
    public long Turn => Number - ((long)(Spec.Priority ?? 0) << 48);

    /// <summary>Set when it runs nothing and only delivers what an earlier attempt has left.</summary>
    public KeptOutput? Redelivers => journalled.Redelivers;

    public WorkDirectory Directory { get; } = directory;

    /// <summary>Its last report, once it is over.</summary>
    public AttemptReport? End { get; set; } = journalled.End;

    public AttemptStage Stage { get; set; } = journalled.End?.Stage ?? AttemptStage.Accepted;

    /// <summary>Why it is being stopped, once it is.</summary>
    public StopCause? Cause { get; private set; }

    /// <summary>Whether its user ends it.</summary>
    public bool IsCancelled => Cause is StopCause.Cancelled or StopCause.Killed;

    /// <summary>What the user gave as a reason.</summary>
    public string? StopReason { get; private set; }

    /// <summary>Fires when it is to be stopped.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Fires when nothing more may be said about it.</summary>
    public CancellationToken Revoked => _revoked.Token;

    /// <summary>Its command, once it is started.</summary>
    public IRun? Run { get; set; }

    /// <summary>Whether it is to stand still, and does.</summary>
    public Standstill Standstill { get; } = new(directory);

    /// <summary>Hides its secrets in what it prints, if that is wanted.</summary>
    public OutputMask? Mask { get; set; }

    /// <summary>Bytes that were fetched for it.</summary>
    public long BytesFetched { get; set; }

    /// <summary>Why its command is being stopped for the disk's sake, once it is.</summary>
    public string? OutOfRoom { get; set; }

    /// <summary>Whether its command is over and what it need not leave is removed.</summary>
    public bool RoomGiven { get; set; }

    /// <summary>Stops it for this cause; false when it is too late for that, or something stronger is under way.</summary>
    public bool Stop(StopCause cause, string? reason = null)
    {
        lock (_lock)
        {
            if (End is not null || (cause == StopCause.Released && _started) || Cause >= cause) return false;
            (Cause, StopReason) = (cause, reason ?? StopReason);
        }

        _stop.Cancel();
        if (cause == StopCause.Revoked) _revoked.Cancel();
        return true;
    }

    /// <summary>From here on it can't be given back any more; false when it is being stopped already.</summary>
    public bool TryStart()
    {
        lock (_lock)
        {
            if (Cause is not null) return false;
            _started = true;
            return true;
        }
    }

    /// <summary>Gives its place back, if it still has it.</summary>
    public void GivePlace(SlotGate places)
    {
        if (Interlocked.Exchange(ref _hasPlace, 0) == 1) places.Release();
    }

    /// <summary>An earlier process of this agent may have started it: it is not given back before that is known.</summary>
    public void MayHaveStarted()
    {
        lock (_lock) _started = true;
    }

    /// <summary>No process has.</summary>
    public void NotStarted()
    {
        lock (_lock) _started = false;
    }

    /// <summary>It was started by an earlier process of this agent.</summary>
    public void Adopted()
    {
        lock (_lock) (_started, Stage) = (true, AttemptStage.Running);
    }

    /// <summary>The attempt is over.</summary>
    public void Finish(AttemptReport end)
    {
        lock (_lock) (End, Stage) = (end, end.Stage);
    }

    public void Dispose()
    {
        _stop.Dispose();
        Standstill.Dispose();
        _revoked.Dispose();
    }
}
