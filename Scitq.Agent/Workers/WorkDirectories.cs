using Microsoft.Extensions.Logging;
using Scitq.Agent.Journal;
using Scitq.Agent.Runtimes;

namespace Scitq.Agent.Workers;

/// <summary>Where attempts have their directories: <c>tasks/</c> while they live, <c>failed/</c> for a while after a failure.</summary>
internal sealed partial class WorkDirectories(string root, TimeSpan keepFailed, TimeProvider time, ILogger<WorkDirectories> logger)
{
    private readonly string _tasks = Path.Combine(Path.GetFullPath(root), "tasks");
    private readonly string _failed = Path.Combine(Path.GetFullPath(root), "failed");

    public WorkDirectory For(JournalledAttempt attempt) =>
        new(Path.Combine(_tasks, $"{attempt.Number}-{attempt.Key.Attempt}-{attempt.Key.Lease.ToString("N")[..8]}"));

    /// <summary>Removes everything that belongs to no living attempt, and failures that are old enough.</summary>
    public void Clean(IEnumerable<string> living)
    {
        var keep = living.ToHashSet();
        Directory.CreateDirectory(_tasks);
        Directory.CreateDirectory(_failed);
        foreach (var directory in Directory.EnumerateDirectories(_tasks))
            if (!keep.Contains(directory)) Delete(directory);
        CleanFailed();
    }

    /// <summary>Keeps the directory of a failure for who wants to look at it.</summary>
    public void Keep(string directory)
    {
        try
        {
            if (!Directory.Exists(directory)) return;
            var kept = Path.Combine(_failed, Path.GetFileName(directory));
            Directory.Move(directory, kept);
            Directory.SetLastWriteTimeUtc(kept, time.GetUtcNow().UtcDateTime);
            CleanFailed();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            NotRemoved(logger, directory, e.Message);
        }
    }

    public void Delete(string directory)
    {
        try
        {
            if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Gone already.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Tried again at the next start.
            NotRemoved(logger, directory, e.Message);
        }
    }

    private void CleanFailed()
    {
        var oldest = time.GetUtcNow().UtcDateTime - keepFailed;
        foreach (var directory in Directory.EnumerateDirectories(_failed))
            if (Directory.GetLastWriteTimeUtc(directory) < oldest) Delete(directory);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The directory {Directory} could not be removed: {Problem}")]
    private static partial void NotRemoved(ILogger logger, string directory, string problem);
}
