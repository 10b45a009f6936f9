using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Persistence;

/// <summary>The database's absence as all parts meet it: told once, then ever more rarely, and at its end with how long it took.</summary>
internal sealed partial class DatabaseOutage(ITaskStore store, TimeProvider clock, ILogger<DatabaseOutage> logger) : IDatabaseHealth
{
    private static readonly TimeSpan FirstRepeat = TimeSpan.FromMinutes(1), LastRepeat = TimeSpan.FromHours(1), Apart = TimeSpan.FromSeconds(10);
    private readonly Lock _lock = new();
    private long _since;
    private long _told;
    private TimeSpan _repeat;

    /// <summary>What is wrong now; null while all is written.</summary>
    public string? Problem { get; private set; }

    /// <summary>When the database last came back after it was away.</summary>
    public DateTime? Ended { get; private set; }

    public bool IsAway(Exception exception)
    {
        var holds = Transience.Holds(store, exception);
        return Note(exception) is not null || holds;
    }

    public void Missed(Exception exception)
    {
        if (Note(exception) is null) Begin("the database can't be reached", exception.Message);
    }

    public void Saved() => End();

    /// <summary>Something could not be read or written. Returns what is wrong with the database; null when it is something else.</summary>
    public string? Note(Exception exception)
    {
        if (DatabaseFaults.Of(exception) is not { } problem) return null;
        // Undone for the sake of another, a transaction is no sign that the database is away.
        if (exception.GetBaseException() is not Npgsql.PostgresException { SqlState: ['4', '0', ..] }) Begin(problem, exception.GetBaseException().Message);
        return problem;
    }

    /// <summary>The database is away.</summary>
    private void Begin(string problem, string detail)
    {
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            var news = Problem != problem;
            if (Problem is null)
            {
                (_since, _repeat) = (now, FirstRepeat);
            }
            else if (clock.GetElapsedTime(_told) < (news ? Apart : _repeat))
            {
                return;
            }

            if (Problem is null || news) Log.Away(logger, problem, detail);
            else Log.StillAway(logger, problem, Words(clock.GetElapsedTime(_since)));
            if (!news) _repeat = _repeat * 2 < LastRepeat ? _repeat * 2 : LastRepeat;
            (Problem, _told) = (problem, now);
        }
    }

    /// <summary>Something was written.</summary>
    public void End()
    {
        if (Problem is null) return;
        lock (_lock)
        {
            if (Problem is null) return;
            Problem = null;
            Ended = clock.GetUtcNow().UtcDateTime;
            Log.Back(logger, Words(clock.GetElapsedTime(_since)));
        }
    }

    private static string Words(TimeSpan time) => time.TotalSeconds < 120 ? $"{time.TotalSeconds:0} s" : $"{time.TotalMinutes:0} minutes";

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Problem} ({Detail}); what would be recorded waits, running tasks go on")]
        public static partial void Away(ILogger logger, string problem, string detail);

        [LoggerMessage(2, LogLevel.Warning, "Still, for {Time}: {Problem}")]
        public static partial void StillAway(ILogger logger, string problem, string time);

        [LoggerMessage(3, LogLevel.Information, "The database is back after {Time}; what waited is being recorded")]
        public static partial void Back(ILogger logger, string time);
    }
}
