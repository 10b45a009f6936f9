using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Files;
using Scitq.Agent.Journal;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Staging;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <summary>
/// Where attempts have their directories: <c>tasks/</c> while they live, <c>failed/</c> for a while after a failure. Making
/// and removing a dozen files costs more than a short command does, so what a success leaves untouched is used again.
/// </summary>
internal sealed partial class WorkDirectories(string root, TimeSpan keepFailed, Ownership usual, TimeProvider time, ILogger<WorkDirectories> logger)
{
    private readonly string _tasks = Path.Combine(Path.GetFullPath(root), "tasks");
    private readonly string _failed = Path.Combine(Path.GetFullPath(root), "failed");
    private readonly string _spares = Path.Combine(Path.GetFullPath(root), "spare");
    private readonly ConcurrentQueue<string> _spare = new();
    private int _lastSpare;

    public WorkDirectory For(JournalledAttempt attempt) => new(Path.Combine(_tasks, Name(attempt.Number, attempt.Key)));

    /// <summary>Makes the directory kept of one of these attempts, the first that is there, the attempt's own, so that no cleaning touches it; false when there is none.</summary>
    public bool TakeBack(long number, IReadOnlyList<AttemptKey> kept, WorkDirectory directory)
    {
        // An earlier process of this agent may have done it.
        if (Directory.Exists(directory.Output)) return true;
        foreach (var name in kept.Select(key => Name(number, key)))
        {
            foreach (var place in (ReadOnlySpan<string>)[_failed, _tasks])
            {
                var found = new WorkDirectory(Path.Combine(place, name));
                if (!Directory.Exists(found.Output)) continue;
                Directory.Move(found.Root, directory.Root);
                Narrow(directory, Ownership.Own);
                return true;
            }
        }

        return false;
    }

    /// <summary>Makes the attempt's directory, for a task that names nobody.</summary>
    public void Create(WorkDirectory directory) => Create(directory, usual);

    /// <summary>Makes the attempt's directory, for whom it says.</summary>
    public void Create(WorkDirectory directory, Ownership owner)
    {
        if (owner == usual && _spare.TryDequeue(out var spare))
        {
            try
            {
                Directory.Move(spare, directory.Root);
                return;
            }
            catch (IOException)
            {
                // Somebody has removed it, or the attempt has one.
                Delete(spare);
            }
        }

        directory.Create(owner);
    }

    /// <summary>Closes a directory that an older version of the agent has left open.</summary>
    public void Narrow(WorkDirectory directory, Ownership owner)
    {
        try
        {
            directory.Give(owner);
        }
        catch (IOException e)
        {
            NotNarrowed(logger, directory.Root, e.Message);
        }
    }

    /// <summary>Keeps the directory for another attempt if it is as it was made, but for the files of the run; else removes it.</summary>
    public void Recycle(WorkDirectory directory)
    {
        const int enough = 64;
        try
        {
            if (_spare.Count < enough && directory.TryClear(usual))
            {
                var spare = Path.Combine(_spares, Interlocked.Increment(ref _lastSpare).ToString(CultureInfo.InvariantCulture));
                Directory.Move(directory.Root, spare);
                _spare.Enqueue(spare);
                return;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not as it was made, then.
        }

        Delete(directory.Root);
    }

    /// <summary>Removes what is kept for other attempts.</summary>
    public void RemoveSpare()
    {
        while (_spare.TryDequeue(out var spare)) Delete(spare);
    }

    /// <summary>Removes everything that belongs to no living attempt, and failures that are old enough.</summary>
    public void Clean(IEnumerable<string> living)
    {
        var keep = living.ToHashSet();
        OwnDirectory.MakeExactly(_tasks, OwnDirectory.AboveTasks);
        OwnDirectory.MakeExactly(_failed, OwnDirectory.Closed);
        // A failed move of an earlier agent process may have left anything there.
        Delete(_spares);
        OwnDirectory.MakeExactly(_spares, OwnDirectory.Closed);
        foreach (var directory in Directory.EnumerateDirectories(_tasks))
            if (!keep.Contains(directory)) Delete(directory);
        DeleteOld();
    }

    /// <summary>Keeps the directory of a failure for who wants to look at it.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="undelivered">Whether its output is nowhere else: then no want of space removes it.</param>
    public void Keep(string directory, bool undelivered = false)
    {
        try
        {
            if (!Directory.Exists(directory)) return;
            if (undelivered) File.Create(UndeliveredIn(directory)).Dispose();
            Disarm(new WorkDirectory(directory));
            var kept = Path.Combine(_failed, Path.GetFileName(directory));
            Directory.Move(directory, kept);
            Directory.SetLastWriteTimeUtc(kept, time.GetUtcNow().UtcDateTime);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            NotRemoved(logger, directory, e.Message);
        }
    }

    private void Disarm(WorkDirectory directory)
    {
        try
        {
            LeftBehind.Disarm(directory.Input, directory.Output, directory.Temp, directory.Resource);
        }
        catch (IOException e)
        {
            // Nobody can get there but the agent's account.
            NotDisarmed(logger, directory.Root, e.Message);
        }
    }

    public void Delete(string directory)
    {
        try
        {
            Trees.Delete(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Tried again at the next start.
            NotRemoved(logger, directory, e.Message);
        }
    }

    /// <summary>Removes the directories of failures that have been kept for long enough.</summary>
    public void DeleteOld()
    {
        if (!Directory.Exists(_failed)) return;
        var oldest = time.GetUtcNow().UtcDateTime - keepFailed;
        foreach (var directory in Directory.EnumerateDirectories(_failed))
            if (Directory.GetLastWriteTimeUtc(directory) < oldest) Delete(directory);
    }

    /// <summary>Removes the directory of the oldest failure whose output is not waiting to be delivered; false when there is none.</summary>
    public bool DeleteOldestFailed()
    {
        if (!Directory.Exists(_failed)) return false;
        if (Directory.EnumerateDirectories(_failed).Where(d => !File.Exists(UndeliveredIn(d))).MinBy(Directory.GetLastWriteTimeUtc) is not { } oldest) return false;
        Delete(oldest);
        return !Directory.Exists(oldest);
    }

    /// <summary>Removes the directories of all failures, and says how much that was.</summary>
    public string DeleteFailed()
    {
        var (count, bytes) = (0, 0L);
        foreach (var directory in Directory.Exists(_failed) ? Directory.EnumerateDirectories(_failed) : [])
        {
            var size = Trees.Size(directory);
            Delete(directory);
            if (Directory.Exists(directory)) continue;
            count++;
            bytes += size;
        }

        return $"removed {count} director{(count == 1 ? "y" : "ies")}, {Sizes.Text(bytes)}";
    }

    private static string UndeliveredIn(string directory) => Path.Combine(directory, "control", "undelivered");

    private static string Name(long number, AttemptKey key) => $"{number}-{key.Attempt}-{key.Lease.ToString("N")[..8]}";

    [LoggerMessage(Level = LogLevel.Warning, Message = "The directory {Directory} could not be looked through for set-uid files and devices: {Problem}")]
    private static partial void NotDisarmed(ILogger logger, string directory, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The directory {Directory} could not be closed to others: {Problem}")]
    private static partial void NotNarrowed(ILogger logger, string directory, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The directory {Directory} could not be removed: {Problem}")]
    private static partial void NotRemoved(ILogger logger, string directory, string problem);
}
