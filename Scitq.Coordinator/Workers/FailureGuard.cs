using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Workers;

/// <summary>
/// Looks, after failures only, at the batches and workers that they befell: a batch that fails all through is stopped, a worker that can't start what it gets
/// is put aside. All that counts is read from the rows, so that neither restarts nor other coordinators make a difference.
/// </summary>
internal sealed partial class FailureGuard(
    IDbContextFactory<ScitqDb> contexts, FailingBatches batches, FailingWorkers workers, IOptions<TaskOptions> options, TimeProvider clock,
    ILogger<FailureGuard> logger) : BackgroundService, ICommitObserver
{
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(1);
    private readonly bool _watchesWorkers = options.Value.PutAsideAfter > 0;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _news = new(0, 1), _turn = new(1);
    private readonly HashSet<string> _batches = [], _workers = [];

    public void Committed(IReadOnlyList<CommittedTask> tasks)
    {
        foreach (var (task, effects) in tasks)
        {
            if (task.State == TaskState.Failed && effects.Attempts.Count > 0) Note(_batches, task.Batch);
            if (!_watchesWorkers) continue;
            foreach (var attempt in effects.Attempts)
                if (attempt is { Worker: { } worker, Failure: { } failure } && FailingWorkers.IsUnable(failure)) Note(_workers, worker);
        }
    }

    /// <summary>Looks at what failed since the last time.</summary>
    public async Task LookAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        var (failed, unable) = Take();
        try
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            foreach (var batch in failed) await batches.CheckAsync(db, batch, ct);
            foreach (var worker in unable) await workers.CheckAsync(db, worker, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // The database is away: what failed is looked at when it is back.
            Log.NotNow(logger, e.Message);
            foreach (var batch in failed) Note(_batches, batch);
            foreach (var worker in unable) Note(_workers, worker);
        }
        finally
        {
            _turn.Release();
        }
    }

    public override void Dispose()
    {
        _news.Dispose();
        _turn.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await _news.WaitAsync(stoppingToken);
            await LookAsync(stoppingToken);
            await Task.Delay(Apart, clock, stoppingToken);
        }
    }

    private void Note(HashSet<string> names, string name)
    {
        lock (_lock)
        {
            names.Add(name);
            if (_news.CurrentCount == 0) _news.Release();
        }
    }

    private (string[] Batches, string[] Workers) Take()
    {
        lock (_lock)
        {
            (string[], string[]) taken = ([.. _batches], [.. _workers]);
            _batches.Clear();
            _workers.Clear();
            return taken;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Failures could not be counted ({Problem}); next try soon")]
        public static partial void NotNow(ILogger logger, string problem);
    }
}
