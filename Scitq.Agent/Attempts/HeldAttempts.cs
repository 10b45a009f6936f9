using Scitq.Agent.Disk;
using Scitq.Agent.Journal;
using Scitq.Agent.Reports;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>
/// The attempts that this agent holds, with all that is kept of each: its lease, its lines in the journal, and its end until that is recorded.
/// </summary>
internal sealed class HeldAttempts(AttemptTable table, Leases leases, AttemptJournal journal, Reporter reporter, WorkDirectories directories)
{
    public IEnumerable<Attempt> All => table.All;

    /// <summary>Whether nothing new begins, because the agent drains.</summary>
    public bool IsDraining => table.IsDraining;

    /// <summary>Takes up what the journal names of an earlier process. Until the coordinator renews their leases, these are not valid.</summary>
    public void Load()
    {
        foreach (var journalled in journal.Attempts())
        {
            if (TryHold(journalled, sent: null) is not { End: null, Redelivers: null } attempt) continue;
            attempt.MayHaveStarted();
            attempt.Standstill.Load();
        }
    }

    /// <summary>Holds an attempt; null when the agent has it already.</summary>
    /// <param name="journalled">The attempt.</param>
    /// <param name="sent">The timestamp from which its lease counts; null when the lease is not valid until it is renewed.</param>
    public Attempt? TryHold(JournalledAttempt journalled, long? sent)
    {
        var attempt = new Attempt(journalled, directories.For(journalled));
        if (!table.TryAdd(attempt)) return null;
        leases.Add(attempt.Key, sent);
        return attempt;
    }

    public bool Holds(AttemptKey key) => table.TryGet(key, out _);

    /// <summary>
    /// Whether this message has brought an attempt that the agent holds; if that has ended, the end is told once more. Of an attempt that another message
    /// has brought, the own one stands for another task.
    /// </summary>
    public bool HoldsAndTellsAgain(TaskQueued task)
    {
        if (task.Token is not null || !table.TryGet(task.TaskId, task.Attempt, out var known) || known.ByAnother) return false;
        reporter.Repeat(known.Key);
        return true;
    }

    /// <summary>Returns once a grant is on the disk that did not come with a claim.</summary>
    /// <exception cref="IOException">It can't be kept.</exception>
    public Task JournalAsync(JournalledAttempt journalled) => journal.GrantedAsync([journalled]);

    /// <summary>The attempt is over: journals its end, and tells it until it is recorded.</summary>
    public void Finish(Attempt attempt, AttemptReport end)
    {
        journal.Ended(end);
        attempt.Finish(end);
        reporter.Post(end);
    }

    /// <summary>Tells an end that the journal has from an earlier process.</summary>
    public void TellEnd(AttemptReport end) => reporter.Post(end);

    /// <summary>Nothing needs to be known of the attempt any more; false when that was so already.</summary>
    public bool Forget(Attempt attempt)
    {
        reporter.Forget(attempt.Key);
        leases.Remove(attempt.Key);
        journal.Forgotten(attempt.Key);
        return table.Remove(attempt);
    }
}
