namespace Scitq.Coordinator.Tasks;

/// <summary>
/// Handles all events in flight, from whatever source, in groups: one SELECT for the tasks they concern, the state machine in memory, one transaction
/// for all that changed. There is no timer: a group is what arrived while the one before was being saved, so an idle system answers at once and a busy
/// one saves hundreds at a time. While the database is away a group waits for it; the messages behind it stay unacknowledged, so nothing is lost.
/// </summary>
internal sealed partial class GroupCommit(
    TaskInbox inbox, GroupHandler handler, IDatabaseHealth database, IEnumerable<ICommitObserver> observers, TimeProvider clock, ILogger<GroupCommit> logger)
    : BackgroundService
{
    /// <summary>A group has about so many events at most.</summary>
    public const int MaxGroup = 2000;

    private const int MostConflicts = 20;
    private readonly IReadOnlyList<ICommitObserver> _observers = [.. observers];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested) await HandleAsync(await inbox.TakeAsync(MaxGroup, stoppingToken), stoppingToken);
    }

    private async Task HandleAsync(IReadOnlyList<TaskInbox.Portion> group, CancellationToken ct)
    {
        IReadOnlyList<CommittedTask> saved;
        try
        {
            saved = await CommitAsync(group, ct);
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            // One of the group cannot be saved, ever (a text the database refuses, say). Alone, the others can.
            if (group.Count == 1) group[0].Done.SetException(e);
            else foreach (var portion in group) await HandleAsync([portion], ct);
            return;
        }

        if (saved.Count > 0) Tell(saved);
        foreach (var portion in group) portion.Done.SetResult();
    }

    /// <summary>The group is saved, whatever an observer makes of it.</summary>
    private void Tell(IReadOnlyList<CommittedTask> saved)
    {
        foreach (var observer in _observers)
        {
            try
            {
                observer.Committed(saved);
            }
            catch (Exception e)
            {
                Log.ObserverFailed(logger, observer.GetType().Name, e);
            }
        }
    }

    private async Task<IReadOnlyList<CommittedTask>> CommitAsync(IReadOnlyList<TaskInbox.Portion> group, CancellationToken ct)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await handler.CommitAsync(group, ct);
            }
            catch (SaveConflictException) when (tries < MostConflicts)
            {
                // Another coordinator was first: load what it made of them and handle the events again.
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 5 * (tries + 1))), clock, ct);
            }
            catch (Exception e) when (database.IsAway(e))
            {
                database.Missed(e);
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(100 * (tries + 1), 2000)), clock, ct);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1, LogLevel.Error,
            "{Observer} failed at tasks that are saved and stay so; messages it would have sent follow with the next comparison of queues and tables")]
        public static partial void ObserverFailed(ILogger logger, string observer, Exception exception);
    }
}
