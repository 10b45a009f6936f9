using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Leases;

/// <summary>
/// Keeps the service's <see cref="Hearing"/>: in the database, advanced by each pulse that comes through the queue of the heartbeats,
/// whichever coordinator takes it; and here, a little ahead, advanced by all that comes through it.
/// </summary>
internal sealed class HearingClock(
    IDbContextFactory<ScitqDb> contexts, LeaseRules rules, ILink link, DatabaseOutage outage, TimeProvider clock) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _gate = new(1);
    private Hearing? _here;
    private DateTime? _up;
    private DateTime? _ended;
    private DateTime? _endedHere;
    private bool _looked;

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>Whether the database is away, or was since it was last asked how long the service has heard.</summary>
    private bool WasAway => outage.Problem is not null || outage.Ended != _endedHere;

    /// <summary>A message of a worker has come: what counts as now for it.</summary>
    public async ValueTask<Hearing> HeardAsync(CancellationToken ct)
    {
        lock (_lock)
        {
            if (_here is { } before && !WasAway && !rules.IsGap(before, Now)) return (_here = rules.Heard(before, Now)).Value;
        }

        // Others may have heard while this process did not, and what it took for now would make the worker look silent to them.
        await using var db = await contexts.CreateDbContextAsync(ct);
        var row = await db.Hearing.AsNoTracking().SingleAsync(ct);
        lock (_lock)
        {
            if (_here is not { } before)
            {
                _here = row.Hearing with { At = Now };
            }
            else
            {
                var shared = before with { Seconds = Math.Max(before.Seconds, row.Seconds) };
                // While the database is away nobody can have been granted or told anything, however much is heard.
                _here = WasAway ? shared with { Gap = shared.Seconds, At = Now } : rules.Heard(shared, Now);
            }

            _endedHere = outage.Ended;
            return _here.Value;
        }
    }

    public void Dispose() => _gate.Dispose();

    /// <summary>A pulse has come: all that was queued before it has been heard, by whichever coordinator. Null while that says nothing.</summary>
    public async Task<Hearing?> PulseAsync(CancellationToken ct)
    {
        if (link.UpSince is not { } up) return null;
        await _gate.WaitAsync(ct);
        try
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            var row = await db.Hearing.AsNoTracking().SingleAsync(ct);
            var ended = outage.Ended;
            var broken = _looked && (up != _up || ended != _ended || outage.Problem is not null);
            // Coordinators on several machines need one clock between them: the database's.
            var now = db.Database.IsNpgsql() ? await db.Database.SqlQueryRaw<DateTime>("SELECT clock_timestamp() AS \"Value\"").SingleAsync(ct) : Now;
            var next = rules.Heard(row.Hearing, now, broken);
            var changed = await db.Hearing.Where(h => h.Turn == row.Turn).ExecuteUpdateAsync(
                set => set.SetProperty(h => h.Seconds, next.Seconds).SetProperty(h => h.Gap, next.Gap)
                    .SetProperty(h => h.At, next.At).SetProperty(h => h.Turn, h => h.Turn + 1),
                ct);
            if (changed == 0) return null;          // another coordinator has heard its own at this moment
            outage.End();
            (_up, _ended, _looked) = (up, outage.Ended, true);
            lock (_lock) (_here, _endedHere) = (next with { At = Now }, _ended);
            return next;
        }
        finally
        {
            _gate.Release();
        }
    }
}
