using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Bus;

/// <summary>
/// Compares tables and queues: at start, when the broker comes back, when something could not be sent, and every minute.
/// The table is the truth; a pending task whose message is missing gets another. Surplus messages are refused at the claim.
/// </summary>
internal sealed partial class Reconciler(
    IDbContextFactory<ScitqDb> contexts, TaskInbox inbox, DatabaseOutage outage, ITaskQueues queues, ITopology topology, ReconcileRequests requests,
    IOptions<TaskOptions> options, TimeProvider clock, ILogger<Reconciler> logger) : BackgroundService
{
    // A message may be on its way for so long: between the commit and the queue, or between the queue and the claim.
    private static readonly TimeSpan OnItsWay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        DateTime? seen = null;
        var (now, next) = (clock.GetUtcNow(), clock.GetUtcNow());
        var looked = now - Tick;
        var all = false;
        var round = TimeSpan.FromSeconds(options.Value.ReconcileSeconds);
        if (round > queues.LongestRound) round = queues.LongestRound;
        await using var tick = clock.CreateTimer(_ => requests.Wake(), null, TimeSpan.Zero, Tick);
        while (true)
        {
            await requests.WaitAsync(stoppingToken);
            now = clock.GetUtcNow();
            var asked = requests.Take();
            all |= asked.All;
            var back = topology.UpSince is { } up && up != seen;
            // All batches at once not more often than each second or so: a broker that is away fails every send.
            if ((back || all || now >= next) && now - looked > Tick / 2)
            {
                // What was queued just before a restart may never have been sent; later, some patience avoids surplus.
                await TryAsync(null, back ? TimeSpan.Zero : OnItsWay, stoppingToken);
                // For what was not sent a moment ago patience is too long: it is looked for once more when that has passed.
                (seen, looked, next, all) = (topology.UpSince, now, now + (all && OnItsWay < round ? OnItsWay : round), false);
            }

            foreach (var batch in asked.Batches) await TryAsync(batch, TimeSpan.Zero, stoppingToken);
        }
    }

    private async Task TryAsync(string? only, TimeSpan patience, CancellationToken ct)
    {
        try
        {
            if (topology.UpSince is not null) await ReconcileAsync(only, patience, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Database or broker went away meanwhile: the next round looks again.
            if (outage.Note(e) is null) Log.NotNow(logger, e.Message);
        }
    }

    private async Task ReconcileAsync(string? only, TimeSpan patience, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var before = clock.GetUtcNow().UtcDateTime - patience;
        var pending = db.Tasks.AsNoTracking().Where(t => t.State == TaskState.Pending && t.Due == null);
        var counts = await pending.Where(t => only == null || t.Batch == only).GroupBy(t => t.Batch)
            .Select(g => new { Batch = g.Key, Count = g.LongCount() }).ToListAsync(ct);
        foreach (var batch in counts)
        {
            var candidates = pending.Where(t => t.Batch == batch.Batch && t.Queued <= before);
            var missing = await queues.MissingAsync(new PendingTasks(db, batch.Batch, batch.Count, candidates, LookForLost: patience > TimeSpan.Zero), ct);
            foreach (var ids in missing.Chunk(2000)) await RaiseAsync(ids, ct);
        }
    }

    private Task RaiseAsync(IReadOnlyList<Guid> ids, CancellationToken ct) =>
        inbox.RaiseAsync([.. ids.Select(id => TaskStimulus.For(id, m => m.DispatchDue, new DispatchDue()))], ct);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Queues and tables could not be compared ({Problem}); next try soon")]
        public static partial void NotNow(ILogger logger, string problem);
    }
}
