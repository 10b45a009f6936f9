using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Usage;

/// <summary>
/// Gathers what heartbeats tell of machines in the minute that runs, and once a minute writes down the minutes that are over, in one statement for hundreds
/// of workers. What was gathered when the process is killed is lost.
/// </summary>
internal sealed partial class UsageMinutes(MinuteTable table, DatabaseOutage outage, TimeProvider clock, ILogger<UsageMinutes> logger) : BackgroundService
{
    /// <summary>For so long they are kept.</summary>
    public const int Kept = 24 * 60;

    /// <summary>A database that is away for longer costs minutes, not memory.</summary>
    private const int MostWaiting = 10;

    private readonly Lock _lock = new();
    private Dictionary<(long Worker, int Minute), MinuteRow> _rows = [];

    /// <summary>The minute that runs, in minutes since 1970.</summary>
    public int Now => MinuteOf(clock.GetUtcNow());

    /// <summary>The number of a time's minute.</summary>
    public static int MinuteOf(DateTimeOffset time) => (int)(time.ToUnixTimeSeconds() / 60);

    /// <summary>A heartbeat has told this.</summary>
    public void Add(long worker, UsageSample sample)
    {
        lock (_lock)
        {
            var minute = Now;
            if (!_rows.TryGetValue((worker, minute), out var row)) _rows[(worker, minute)] = row = new MinuteRow { WorkerId = worker, Minute = minute };
            row.Add(sample);
        }
    }

    /// <summary>Writes down the minutes that are over, and forgets those of yesterday.</summary>
    /// <param name="all">Also the one that runs.</param>
    /// <param name="ct">Ends the waiting for the database.</param>
    public async Task WriteAsync(bool all, CancellationToken ct)
    {
        var now = Now;
        List<MinuteRow> over;
        lock (_lock)
        {
            over = [.. _rows.Values.Where(r => (all || r.Minute < now) && r.Minute >= now - MostWaiting)];
            _rows = _rows.Where(r => !all && r.Key.Minute >= now).ToDictionary();
        }

        try
        {
            if (over.Count > 0) await table.AddAsync(over, ct);
            await table.PruneAsync(now - Kept, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            if (outage.Note(e) is null) Log.NotWritten(logger, e);
            lock (_lock)
                foreach (var row in over) _rows.TryAdd((row.WorkerId, row.Minute), row);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await WriteAsync(all: true, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await WriteAsync(all: false, stoppingToken);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "How busy workers were could not be written down")]
        public static partial void NotWritten(ILogger logger, Exception e);
    }
}
