using System.Reflection;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>How the coordinator is.</summary>
internal static partial class ServerEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly string Version = typeof(ServerEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static void MapServer(this IEndpointRouteBuilder api) =>
        api.MapGet("/server", ShowAsync).WithSummary("The coordinator: version, what it runs on, what troubles it, how much it has to do.");

    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", () => TypedResults.Ok(new HealthView("alive", []))).WithSummary("200 while the process answers. Needs no token.");
        app.MapGet("/health/ready", ReadyAsync).WithSummary("200 while tasks can be taken and handed out, else 503 with the reasons. Needs no token.");
    }

    private static async Task<Ok<ServerView>> ShowAsync(IServerStatus status, BatchCounts counts, IDbContextFactory<ScitqDb> contexts, DatabaseOutage outage, TimeProvider clock, ILoggerFactory loggers, CancellationToken ct)
    {
        var problems = status.Problems.ToList();
        var database = await ProblemAsync(contexts, outage, loggers, ct);
        var tasks = TaskRules.States.ToDictionary(Word, _ => 0L);
        var workers = Enum.GetValues<WorkerStatus>().ToDictionary(Word, _ => 0L);
        if (database is not null)
        {
            Add(problems, database);
        }
        else
        {
            foreach (var ((_, state), count) in (await counts.GetAsync(ct)).Counts) tasks[Word(state)] += count;
            await using var db = await contexts.CreateDbContextAsync(ct);
            var now = clock.GetUtcNow().UtcDateTime;
            foreach (var worker in await db.Workers.AsNoTracking().ToListAsync(ct))
            {
                var state = WorkerView.StatusOf(worker, now);
                workers[Word(state)]++;
                if (state == WorkerStatus.Full) problems.Add($"worker {worker.Name} takes nothing new: {worker.Hold}");
            }
        }

        return TypedResults.Ok(new ServerView(Version, status.Started, status.Bus, status.Database, status.Ready && database is null, problems, tasks, workers));
    }

    private static async Task<JsonHttpResult<HealthView>> ReadyAsync(IServerStatus status, IDbContextFactory<ScitqDb> contexts, DatabaseOutage outage, ILoggerFactory loggers, CancellationToken ct)
    {
        var database = await ProblemAsync(contexts, outage, loggers, ct);
        var ready = status.Ready && database is null;
        var problems = status.Problems.ToList();
        if (database is not null) Add(problems, database);
        return TypedResults.Json(new HealthView(ready ? "ready" : "not_ready", problems), statusCode: ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<string?> ProblemAsync(IDbContextFactory<ScitqDb> contexts, DatabaseOutage outage, ILoggerFactory loggers, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            await using var db = await contexts.CreateDbContextAsync(patience.Token);
            await db.Batches.AnyAsync(patience.Token).WaitAsync(patience.Token);
            // A standby answers as long as nothing is written.
            if (!db.Database.IsNpgsql()) return null;
            var readOnly = await db.Database.SqlQueryRaw<string>("SELECT current_setting('transaction_read_only') AS \"Value\"").SingleAsync(patience.Token).WaitAsync(patience.Token);
            return readOnly == "on" ? DatabaseFaults.OfState(Npgsql.PostgresErrorCodes.ReadOnlySqlTransaction) : null;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Whatever it was, the database cannot be used; what it says may name hosts and users, so it goes to the log.
            if (outage.Note(e) is { } problem) return problem;
            if (e is not OperationCanceledException) Log.NoDatabase(loggers.CreateLogger("Scitq.Coordinator.Api.Health"), e.Message);
            return "the database does not answer.";
        }
    }

    private static void Add(List<string> problems, string database)
    {
        if (!problems.Exists(p => p.StartsWith(database.TrimEnd('.'), StringComparison.Ordinal))) problems.Add(database);
    }

    private static string Word<TEnum>(TEnum value)
        where TEnum : struct, Enum => value.ToString().ToLowerInvariant();

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The database does not answer: {Problem}")]
        public static partial void NoDatabase(ILogger logger, string problem);
    }
}

/// <summary>The coordinator as clients see it.</summary>
internal sealed record ServerView(
    string Version, DateTime Started, string Bus, string Database, bool Ready, IReadOnlyList<string> Problems,
    IReadOnlyDictionary<string, long> Tasks, IReadOnlyDictionary<string, long> Workers);

/// <summary>What probes want to know.</summary>
internal sealed record HealthView(string Status, IReadOnlyList<string> Problems);
