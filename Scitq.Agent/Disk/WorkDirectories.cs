using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Files;
using Scitq.Agent.Journal;
using Scitq.Agent.Runtimes;
using Scitq.Contracts.Messages;
using Scitq.Fetch.Local;

namespace Scitq.Agent.Disk;

/// <summary>
/// Where attempts have their directories: <c>tasks/</c> while they live, <c>failed/</c> for a while after a failure. Making
/// and removing a dozen files costs more than a short command does, so what a success leaves untouched is used again.
/// </summary>
internal sealed partial class WorkDirectories(
    string root, TimeSpan keepFailed, Ownership usual, Leftovers leftovers, TimeProvider time, ILogger<WorkDirectories> logger) : IEvictable
{
    private readonly string _tasks = Path.Combine(Path.GetFullPath(root), "tasks");
    private readonly string _failed = Path.Combine(Path.GetFullPath(root), "failed");
    private readonly string _spares = Path.Combine(Path.GetFullPath(root), "spare");
    private readonly ConcurrentQueue<string> _spare = new();
    private int _lastSpare;

    public WorkDirectory For(JournalledAttempt attempt) => new(Path.Combine(_tasks, Name(attempt.Number, attempt.Key)));

    /// <summary>
    /// Makes the directory kept of one of these attempts, the first that is there, the attempt's own, so that no cleaning touches it; false when there is none.
    /// </summary>
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
            Log.NotNarrowed(logger, directory.Root, e.Message);
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

    /// <summary>Removes everything that belongs to no living attempt. It may be much, so at first only the names go.</summary>
    /// <exception cref="IOException">The work directory can't be used.</exception>
    public void Clean(IEnumerable<string> living)
    {
        var keep = living.Select(Path.GetFileName).ToHashSet();
        leftovers.Open();
        leftovers.Make(_tasks, OwnDirectory.AboveTasks);
        leftovers.Make(_failed, OwnDirectory.Closed);
        leftovers.Make(_spares, OwnDirectory.Closed);
        leftovers.Sweep(_tasks, keep.Contains);
        // A failed move of an earlier agent process may have left anything there.
        leftovers.Sweep(_spares, _ => false);
    }

    /// <summary>Keeps the directory of a failure for who wants to look at it.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="undelivered">Whether its output is nowhere else: then no want of space removes it.</param>
    public void Keep(string directory, bool undelivered = false)
    {
        try
        {
            if (!Directory.Exists(directory)) return;
            if (undelivered)
            {
                // Without it, a command may have removed it.
                Directory.CreateDirectory(Path.Combine(directory, "control"));
                File.Create(UndeliveredIn(directory)).Dispose();
            }

            Disarm(new WorkDirectory(directory));
            var kept = Path.Combine(_failed, Path.GetFileName(directory));
            Directory.Move(directory, kept);
            Directory.SetLastWriteTimeUtc(kept, time.GetUtcNow().UtcDateTime);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotKept(logger, directory, e.Message);
        }
    }

    /// <summary>Removes it, or sets it aside.</summary>
    public void Delete(string directory) => leftovers.Remove(directory);

    private void Disarm(WorkDirectory directory)
    {
        try
        {
            LeftBehind.Disarm(directory.Input, directory.Output, directory.Temp, directory.Resource);
        }
        catch (IOException e)
        {
            // Nobody can get there but the agent's account.
            Log.NotDisarmed(logger, directory.Root, e.Message);
        }
    }

    /// <summary>Removes what can be removed now: leftovers that are due, and the directories of failures that have been kept for long enough.</summary>
    public void Tidy(CancellationToken ct)
    {
        leftovers.Retry(all: false, ct);
        if (!Directory.Exists(_failed)) return;
        var oldest = time.GetUtcNow().UtcDateTime - keepFailed;
        foreach (var directory in Directory.EnumerateDirectories(_failed))
            if (Directory.GetLastWriteTimeUtc(directory) < oldest) Delete(directory);
    }

    /// <summary>Removes the directory of the oldest failure whose output is not waiting to be delivered; false when there is none.</summary>
    public bool EvictOne()
    {
        if (!Directory.Exists(_failed)) return false;
        var free = Directory.EnumerateDirectories(_failed).Where(d => !File.Exists(UndeliveredIn(d)));
        if (free.MinBy(Directory.GetLastWriteTimeUtc) is not { } oldest) return false;
        Delete(oldest);
        return !Directory.Exists(oldest);
    }

    /// <summary>Removes the directories of all failures, and says how much that was.</summary>
    public string DeleteFailed()
    {
        var (count, bytes) = (0, 0L);
        foreach (var directory in Directory.Exists(_failed) ? Directory.EnumerateDirectories(_failed) : [])
        {
            var size = TreeSize.Of(directory);
            var before = leftovers.Left.Count;
            Delete(directory);
            if (Directory.Exists(directory) || leftovers.Left.Count > before) continue;
            count++;
            bytes += size;
        }

        leftovers.Retry(all: true, CancellationToken.None);
        var left = leftovers.Left;
        return $"removed {count} director{(count == 1 ? "y" : "ies")}, {Sizes.Text(bytes)}"
            + (left.Count == 0 ? "" : $"; {left.Count} could not be removed, as {left[0].Path}: {left[0].Problem}");
    }

    private static string UndeliveredIn(string directory) => Path.Combine(directory, "control", "undelivered");

    private static string Name(long number, AttemptKey key) => $"{number}-{key.Attempt}-{key.Lease.ToString("N")[..8]}";

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The directory {Directory} of a failed attempt could not be kept: {Problem}")]
        public static partial void NotKept(ILogger logger, string directory, string problem);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The directory {Directory} could not be looked through for set-uid files and devices: {Problem}")]
        public static partial void NotDisarmed(ILogger logger, string directory, string problem);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The directory {Directory} could not be closed to others: {Problem}")]
        public static partial void NotNarrowed(ILogger logger, string directory, string problem);
    }
}
