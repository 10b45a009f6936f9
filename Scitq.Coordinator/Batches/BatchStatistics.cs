using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Batches;

/// <summary>What the ended tasks of a batch took, computed where the rows are: memory here does not grow with their number.</summary>
internal sealed class BatchStatistics(IDbContextFactory<ScitqDb> contexts)
{
    private const int MostCauses = 10;

    // Ten million rows take a while to sort.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TaskState[] Ended = [TaskState.Succeeded, TaskState.Failed, TaskState.Cancelled];

    /// <summary>One for each way in which tasks of the batch have ended.</summary>
    public async Task<IReadOnlyList<EndStatistics>> ReadAsync(string batch, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        db.Database.SetCommandTimeout(Patience);
        var tasks = db.Tasks.AsNoTracking().Where(t => t.Batch == batch);
        var counts = await tasks.Where(t => Ended.Contains(t.State)).GroupBy(t => t.State)
            .Select(g => new { State = g.Key, Count = g.LongCount() }).ToDictionaryAsync(g => g.State, g => g.Count, ct);
        var sums = await tasks.Join(db.Attempts, t => t.CorrelationId, a => a.TaskId, (t, a) => new { t.State, Row = a }).GroupBy(x => x.State)
            .Select(g => new
            {
                State = g.Key, Attempts = g.LongCount(), Peak = g.Max(x => x.Row.PeakMemory), Cpu = g.Sum(x => x.Row.CpuSeconds),
                In = g.Sum(x => x.Row.BytesIn), Out = g.Sum(x => x.Row.BytesOut),
            }).ToDictionaryAsync(g => g.State, ct);
        var causes = (await tasks.Where(t => t.State == TaskState.Failed)
            .GroupBy(t => new { t.Failure, Code = t.Failure == FailureClass.Exit ? t.ExitCode : null })
            .Select(g => new { g.Key.Failure, g.Key.Code, Count = g.LongCount() }).OrderByDescending(g => g.Count).Take(MostCauses).ToListAsync(ct))
            .ConvertAll(c => string.Create(CultureInfo.InvariantCulture, $"{c.Count} {c.Failure.ToString()!.ToLowerInvariant()} {c.Code}").TrimEnd());
        var spreads = (await db.Database.SqlQueryRaw<PhaseSpread>(Sql(db.Database.IsNpgsql()), batch).ToListAsync(ct)).ToLookup(s => s.State);
        return [.. Ended.Where(counts.ContainsKey).Select(state =>
        {
            var phases = spreads[Word(state)].ToDictionary(s => s.Phase, s => new Spread(Time(s.Median), Time(s.Least), Time(s.Most), Time(s.P95)));
            var sum = sums.GetValueOrDefault(state);
            return new EndStatistics(
                batch, Word(state), counts[state], sum?.Attempts ?? 0, phases.GetValueOrDefault("queue"), phases.GetValueOrDefault("fetch"),
                phases.GetValueOrDefault("run"), phases.GetValueOrDefault("upload"), sum?.Peak, sum?.Cpu ?? 0, sum?.In ?? 0, sum?.Out ?? 0, null,
                state == TaskState.Failed ? causes : []);
        })];
    }

    /// <summary>Workers and coordinators have clocks of their own, and may be apart by more than a phase takes.</summary>
    private static double Time(double seconds) => Math.Round(Math.Max(0, seconds), 3);

    private static string Word(TaskState state) => state.ToString().ToLowerInvariant();

    private static string Sql(bool postgres)
    {
        string Between(string from, string to) =>
            postgres ? $"CAST(extract(epoch FROM {to} - {from}) AS double precision)" : $"(julianday({to}) - julianday({from})) * 86400.0";
        return $$"""
            WITH last AS MATERIALIZED (
                SELECT t.state, {{Between("t.queued", "a.accepted")}} AS queued, {{Between("a.accepted", "a.started")}} AS fetched,
                    {{Between("a.started", "a.run_ended")}} AS ran, {{Between("a.run_ended", "a.finished")}} AS delivered
                FROM task t JOIN attempt a ON a.task_id = t.id AND a.attempt = t.attempt
                WHERE t.batch = {0} AND t.state IN ('succeeded', 'failed', 'cancelled')
            ), one AS (
                SELECT state, 'queue' AS phase, queued AS x FROM last UNION ALL SELECT state, 'fetch', fetched FROM last
                UNION ALL SELECT state, 'run', ran FROM last UNION ALL SELECT state, 'upload', delivered FROM last
            ), placed AS (
                SELECT state, phase, x, row_number() OVER (PARTITION BY state, phase ORDER BY x) AS place, count(*) OVER (PARTITION BY state, phase) AS total
                FROM one WHERE x IS NOT NULL
            )
            SELECT state AS "State", phase AS "Phase", min(x) AS "Least", max(x) AS "Most",
                avg(CASE WHEN place IN ((total + 1) / 2, (total + 2) / 2) THEN x END) AS "Median",
                max(CASE WHEN place = (total * 95 + 99) / 100 THEN x END) AS "P95"
            FROM placed GROUP BY state, phase
            """;
    }

    private sealed record PhaseSpread(string State, string Phase, double Least, double Most, double Median, double P95);
}
