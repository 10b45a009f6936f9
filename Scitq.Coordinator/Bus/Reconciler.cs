using System.Threading.Channels;
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
    IDbContextFactory<ScitqDb> contexts, TaskInbox inbox, DatabaseOutage outage, Dispatcher dispatcher, ITopology topology,
    IOptions<TaskOptions> options, TimeProvider clock, ILogger<Reconciler> logger) : BackgroundService
{
    // A message may be on its way for so long: between the commit and the queue, or between the queue and the claim.
    private static readonly TimeSpan OnItsWay = TimeSpan.FromSeconds(10);
    private const string Tick = " ";        // no batch's name
    private readonly Channel<string> _wishes = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Looks at the batch soon; at all of them when the name is empty.</summary>
    public void Look(string batch = "") => _wishes.Writer.TryWrite(batch);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        dispatcher.Failed += () => Look();
        if (dispatcher.Window is { } window) window.Refill += Look;
        DateTime? seen = null;
        var next = clock.GetUtcNow();
        var all = false;
        // The bus in memory loses what it was handing to a receiver that stops; nothing else would tell.
        var period = TimeSpan.FromSeconds(dispatcher.Window is null ? options.Value.ReconcileSeconds : Math.Min(10, options.Value.ReconcileSeconds));
        await using var tick = clock.CreateTimer(_ => Look(Tick), null, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        while (await _wishes.Reader.WaitToReadAsync(stoppingToken))
        {
            var wishes = new HashSet<string>();
            while (_wishes.Reader.TryRead(out var wish)) wishes.Add(wish);
            all |= wishes.Remove("");

            // All batches at once at most each second: a broker that is away fails every send.
            if (wishes.Remove(Tick))
            {
                var now = clock.GetUtcNow();
                var back = topology.UpSince is { } up && up != seen;
                if (back || all || now >= next)
                {
                    // What was queued just before a restart may never have been sent; later, some patience avoids surplus.
                    await TryAsync(null, back ? TimeSpan.Zero : OnItsWay, stoppingToken);
                    (seen, next, all) = (topology.UpSince, now + period, false);
                }
            }

            foreach (var batch in wishes) await TryAsync(batch, TimeSpan.Zero, stoppingToken);
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
        var counts = await pending.Where(t => only == null || t.Batch == only).GroupBy(t => t.Batch).Select(g => new { Batch = g.Key, Count = g.LongCount() }).ToListAsync(ct);
        foreach (var batch in counts)
        {
            await topology.EnsureBatchAsync(batch.Batch, ct);
            var waiting = await topology.WaitingAsync(batch.Batch, ct);
            var candidates = pending.Where(t => t.Batch == batch.Batch && t.Queued <= before);
            if (waiting is null)
                await RefillAsync(db, candidates, batch.Batch, lookForLost: patience > TimeSpan.Zero, ct);
            else if (waiting == 0)
                await DispatchAsync(candidates.OrderBy(t => t.Number), (int)Math.Min(batch.Count, int.MaxValue), ct);
            else if (batch.Count - waiting.Value is > 0 and var missing)
                // Messages leave in the order of submission, so what a crash has lost is the newest.
                await DispatchAsync(candidates.OrderByDescending(t => t.Queued), (int)missing, ct);
        }
    }

    private async Task RefillAsync(ScitqDb db, IQueryable<TaskSaga> candidates, string batch, bool lookForLost, CancellationToken ct)
    {
        var window = dispatcher.Window!;
        if (lookForLost && await db.Workers.AnyAsync(w => w.Batch == batch && w.Epoch != null && w.Hold == null && !w.Paused && w.Leases < w.Concurrency + w.Prefetch, ct)
            && await candidates.AnyAsync(ct)) window.Clear(batch);
        var room = window.Room(batch);
        var found = new List<Guid>();
        await foreach (var id in candidates.OrderBy(t => t.Number).Select(t => t.CorrelationId).AsAsyncEnumerable().WithCancellation(ct))
        {
            if (window.Contains(id)) continue;
            if (found.Count == room)
            {
                window.Starve(batch);
                break;
            }

            found.Add(id);
        }

        await RaiseAsync(found, ct);
    }

    private async Task DispatchAsync(IQueryable<TaskSaga> candidates, int count, CancellationToken ct)
    {
        var found = 0;
        foreach (var ids in (await candidates.Select(t => t.CorrelationId).Take(count).ToListAsync(ct)).Chunk(2000))
        {
            await RaiseAsync(ids, ct);
            found += ids.Length;
        }

        if (found > 0) Log.Dispatched(logger, found);
    }

    private Task RaiseAsync(IReadOnlyList<Guid> ids, CancellationToken ct) =>
        inbox.RaiseAsync([.. ids.Select(id => TaskStimulus.For(id, m => m.DispatchDue, new DispatchDue()))], ct);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Count} pending tasks had no message in their queue; they were queued again")]
        public static partial void Dispatched(ILogger logger, int count);

        [LoggerMessage(2, LogLevel.Warning, "Queues and tables could not be compared ({Problem}); next try soon")]
        public static partial void NotNow(ILogger logger, string problem);
    }
}
