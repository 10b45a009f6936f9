using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Health;

/// <summary>Asks the database whether it answers and can be written to.</summary>
internal sealed partial class DatabaseCheck(
    IDbContextFactory<ScitqDb> contexts, DatabaseOutage outage, TimeProvider clock, ILogger<DatabaseCheck> logger) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await ProblemAsync(cancellationToken) is { } problem
            ? HealthCheckResult.Unhealthy(data: new Dictionary<string, object> { [ServerHealth.Problems] = (IReadOnlyList<string>)[problem] })
            : HealthCheckResult.Healthy();

    private async Task<string?> ProblemAsync(CancellationToken ct)
    {
        using var late = new CancellationTokenSource(Patience, clock);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            await using var db = await contexts.CreateDbContextAsync(patience.Token);
            await db.Batches.AnyAsync(patience.Token).WaitAsync(patience.Token);
            // A standby answers as long as nothing is written.
            if (!db.Database.IsNpgsql()) return null;
            var readOnly = await db.Database.SqlQueryRaw<string>(
                "SELECT current_setting('transaction_read_only') AS \"Value\"").SingleAsync(patience.Token).WaitAsync(patience.Token);
            return readOnly == "on" ? DatabaseFaults.OfState(PostgresErrorCodes.ReadOnlySqlTransaction) : null;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Whatever the error, the database cannot be used; its text may name hosts and users, so it goes to the log.
            if (outage.Note(e) is { } problem) return problem;
            if (e is not OperationCanceledException) Log.NoDatabase(logger, e.Message);
            return "the database does not answer.";
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The database does not answer: {Problem}")]
        public static partial void NoDatabase(ILogger logger, string problem);
    }
}
