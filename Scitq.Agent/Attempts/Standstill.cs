using Scitq.Agent.Runtimes;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>Whether the user of one attempt wants its command to stand still, whether it does, and for how long it has.</summary>
internal sealed class Standstill(WorkDirectory directory) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _one = new(1);
    private volatile PauseRecord _record = PauseRecord.None;
    private volatile bool _isThere;
    private volatile bool _isWanted;
    private int _turn;

    /// <summary>Whether it is to stand still.</summary>
    public bool IsWanted => _isWanted;

    /// <summary>Whether it stands still; before a command of an earlier agent process is found, whether it did then.</summary>
    public bool IsThere => _isThere;

    /// <summary>Called when it has begun to stand still, or to go on.</summary>
    public Action? Changed { get; set; }

    /// <summary>What an earlier process of this agent has written down.</summary>
    public void Load()
    {
        _record = PauseRecord.Find(directory);
        // Frozen, it was written down before; whether it really is, and whether that is still wanted, is found out.
        _isThere = _isWanted = _record.Since is not null;
    }

    /// <summary>Takes a word of its user; false when it says nothing new.</summary>
    public bool Take(PauseAttempt word)
    {
        lock (_lock)
        {
            if (word.Turn <= _turn) return false;
            (_turn, _isWanted) = (word.Turn, word.Paused);
            return true;
        }
    }

    /// <summary>For how long it has stood still by now.</summary>
    public TimeSpan Stood(DateTime now) => _record is var record && record.Since is { } since ? record.Stood + (now - since) : record.Stood;

    /// <summary>Does what is wanted; returns at once where it is so, or where the command has ended.</summary>
    /// <param name="run">The command.</param>
    /// <param name="time">The clock.</param>
    /// <param name="again">Whether an earlier agent process may have begun with it, so that it is done once more.</param>
    /// <exception cref="IOException">It could not be done now.</exception>
    public async Task FollowAsync(IRun run, TimeProvider time, bool again = false)
    {
        await _one.WaitAsync();
        try
        {
            while (!run.Exit.IsCompleted)
            {
                if (_isWanted)
                {
                    if (_isThere && !again) return;
                    await SuspendAsync(run, time);
                }
                else
                {
                    if (_record.Since is null) return;
                    await ContinueAsync(run, time);
                }

                again = false;
                Changed?.Invoke();
            }
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task SuspendAsync(IRun run, TimeProvider time)
    {
        if (_record.Since is null) Save(_record with { Since = time.GetUtcNow().UtcDateTime });
        await run.SuspendAsync();
        _isThere = true;
    }

    private async Task ContinueAsync(IRun run, TimeProvider time)
    {
        await run.ContinueAsync();
        Save(new PauseRecord(Stood(time.GetUtcNow().UtcDateTime), null));
        _isThere = false;
    }

    private void Save(PauseRecord record)
    {
        record.Save(directory);
        _record = record;
    }
}
