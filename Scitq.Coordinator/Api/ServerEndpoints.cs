using System.Reflection;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Scitq.Contracts;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Health;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Api;

/// <summary>How the coordinator is: for its users, and for probes.</summary>
internal static class ServerEndpoints
{
    private static readonly string OwnVersion =
        typeof(ServerEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static void MapServer(this IEndpointRouteBuilder api) =>
        api.MapGet("/server", ShowAsync).RequireAuthorization(Rights.ReadServer)
            .WithSummary("The coordinator: version, what it runs on, what troubles it, how much it has to do.");

    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var health = app.MapGroup("/health").AllowAnonymous();
        health.MapGet("/live", () => TypedResults.Ok(new HealthView("alive", []))).WithSummary("200 while the process answers. Needs no token.");
        health.MapGet("/ready", ReadyAsync).WithSummary("200 while tasks can be taken and handed out, else 503 with the reasons. Needs no token.");
    }

    private static async Task<Ok<ServerView>> ShowAsync(
        IServerStatus status, HealthCheckService checks, BatchCounts counts, IDbContextFactory<ScitqDb> contexts, TimeProvider clock, CancellationToken ct)
    {
        var health = await ServerHealth.LookAsync(checks, ct);
        var problems = health.Reasons.ToList();
        var tasks = TaskRules.States.ToDictionary(Word, _ => 0L);
        var workers = Enum.GetValues<WorkerStatus>().ToDictionary(Word, _ => 0L);
        if (health.HasDatabase)
        {
            foreach (var ((_, state), count) in (await counts.GetAsync(ct)).Counts) tasks[Word(state)] += count;
            await using var db = await contexts.CreateDbContextAsync(ct);
            var now = clock.GetUtcNow().UtcDateTime;
            var stopped = await db.Batches.Where(b => b.Stopped != null).Select(b => b.Name).ToHashSetAsync(ct);
            foreach (var worker in await db.Workers.AsNoTracking().ToListAsync(ct))
            {
                var state = WorkerView.StatusOf(worker, stopped.Contains(worker.Batch), now);
                workers[Word(state)]++;
                if (state == WorkerStatus.Full) problems.Add($"worker {worker.Name} takes nothing new: {worker.Hold}");
            }
        }

        return TypedResults.Ok(new ServerView(OwnVersion, status.Started, status.Bus, status.Database, health.IsReady, problems, tasks, workers));
    }

    private static async Task<JsonHttpResult<HealthView>> ReadyAsync(HealthCheckService checks, CancellationToken ct)
    {
        var health = await ServerHealth.LookAsync(checks, ct);
        return TypedResults.Json(
            new HealthView(health.IsReady ? "ready" : "not_ready", health.Reasons),
            statusCode: health.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static string Word<TEnum>(TEnum value)
        where TEnum : struct, Enum => value.ToString().ToLowerInvariant();
}

/// <summary>The coordinator as clients see it.</summary>
internal sealed record ServerView(
    string Version, DateTime Started, string Bus, string Database, bool Ready, IReadOnlyList<string> Problems,
    IReadOnlyDictionary<string, long> Tasks, IReadOnlyDictionary<string, long> Workers);

/// <summary>The answer to a probe.</summary>
internal sealed record HealthView(string Status, IReadOnlyList<string> Problems);
