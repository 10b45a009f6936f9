using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Scitq.Contracts;

namespace Scitq.Coordinator.Tasks;

/// <summary>Releases waiting tasks once all they require is there, and cancels those that are not to wait for what can't be.</summary>
internal sealed partial class Requirements(
    ITaskLookup lookup, TaskInbox inbox, IDatabaseHealth database, IOptions<TaskOptions> options, TimeProvider clock, ILogger<Requirements> logger)
    : BackgroundService, ICommitObserver
{
    private readonly Channel<Guid> _news = Channel.CreateUnbounded<Guid>(new UnboundedChannelOptions { SingleReader = true });
    private volatile bool _anyWaits;

    public void Committed(IReadOnlyList<CommittedTask> saved)
    {
        foreach (var (task, _) in saved)
        {
            if (task.State == TaskState.Waiting) _anyWaits = true;
            if (task.State == TaskState.Waiting || (task.State.IsTerminal() && _anyWaits)) _news.Writer.TryWrite(task.CorrelationId);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Guid.Empty stands for all: at start, and now and then for what another coordinator has seen.
        var period = TimeSpan.FromSeconds(options.Value.ReconcileSeconds);
        await using var timer = clock.CreateTimer(_ => _news.Writer.TryWrite(Guid.Empty), null, TimeSpan.Zero, period);
        var ids = new HashSet<Guid>();
        while (await _news.Reader.WaitToReadAsync(stoppingToken))
        {
            ids.Clear();
            while (ids.Count < 1000 && _news.Reader.TryRead(out var id)) ids.Add(id);
            try
            {
                await ReleaseAsync(ids, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // The database is away; all are looked at again by the timer.
                if (!database.IsAway(e)) Log.NotNow(logger, e.Message);
            }
        }
    }

    private async Task ReleaseAsync(HashSet<Guid> ids, CancellationToken ct)
    {
        var all = ids.Contains(Guid.Empty);
        if (all && !await AnyWaitsAsync(ct)) return;
        var released = await lookup.ReleasableAsync(all ? null : ids, ct);
        await inbox.RaiseAsync([.. released.Select(id => TaskStimulus.For(id, m => m.RequirementsMet, new RequirementsMet()))], ct);
        var doomed = await lookup.DoomedAsync(all ? null : ids, ct);
        await inbox.RaiseAsync([.. doomed.Select(d => TaskStimulus.For(d.Id, m => m.RequirementFailed, new RequirementFailed(d.Why)))], ct);
    }

    private async Task<bool> AnyWaitsAsync(CancellationToken ct)
    {
        var any = true;
        // Before the look, not by its outcome: a task that begins to wait meanwhile says so, and that must stay.
        _anyWaits = false;
        try
        {
            return any = await lookup.AnyWaitsAsync(ct);
        }
        finally
        {
            if (any) _anyWaits = true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Waiting tasks could not be looked at ({Problem}); next try soon")]
        public static partial void NotNow(ILogger logger, string problem);
    }
}
