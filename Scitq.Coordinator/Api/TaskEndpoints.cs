using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Scitq.Contracts;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>Looking at tasks.</summary>
internal static class TaskEndpoints
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    public static void MapTasks(this IEndpointRouteBuilder api)
    {
        var tasks = api.MapGroup("").RequireAuthorization(Rights.ReadTasks);
        tasks.MapGet("/tasks", ListAsync).WithSummary(
            "Tasks, newest first, or with `order=oldest` oldest first. The header X-Next-After, where there is one, is the `after` of the next page.");
        tasks.MapGet("/tasks/{id}", ShowAsync)
            .WithSummary("One task with its attempts and history; with `wait`, seconds, as soon as it has ended or the time is over.");
        tasks.MapGet("/tasks/{id}/explain", ExplainAsync).WithSummary("Why the task is where it is, and what it waits for.");
    }

    private static async Task<Ok<IReadOnlyList<TaskView>>> ListAsync(
        HttpContext context, TaskQueries queries, string[]? batch, string[]? status, string[]? worker, [FromQuery(Name = "class")] string[]? failureClass,
        string? name, [FromQuery(Name = "exit_code")] string? exitCode, string? since, string? until,
        [FromQuery(Name = "command_like")] string? commandLike, string? order, string? after, string? limit, string? count, CancellationToken ct)
    {
        // The parameters are declared for the documentation; they are read together, with errors that name them.
        _ = (batch, status, worker, failureClass, name, exitCode, since, until, commandLike);
        var filter = TaskFilter.Read(context.Request.Query);
        var headers = context.Response.Headers;
        if (TaskFilter.Flag("count", count)) headers["X-Total-Count"] = (await queries.CountAsync(filter, ct)).ToString(CultureInfo.InvariantCulture);
        var (tasks, more) = await queries.ListAsync(filter, IsOldest(order), TaskFilter.Number("after", after), TaskFilter.Limit(limit, 20), ct);
        if (more) headers["X-Next-After"] = tasks[^1].TaskId.ToString(CultureInfo.InvariantCulture);
        return TypedResults.Ok(tasks);
    }

    private static bool IsOldest(string? order) => order switch
    {
        null or "" or "newest" => false,
        "oldest" => true,
        _ => throw new InvalidRequestException($"order '{order}' is neither newest nor oldest."),
    };

    private static async Task<Results<Ok<TaskDetails>, ProblemHttpResult>> ShowAsync(
        string id, string? wait, TaskQueries queries, TaskWatch watch, TimeProvider clock, IHostApplicationLifetime lifetime, CancellationToken ct)
    {
        var seconds = TaskFilter.Number("wait", wait) ?? 0;
        if (seconds is < 0 or > 300) return Problems.Invalid($"wait {seconds} is not between 0 and 300 seconds.");
        if (await queries.FindAsync(id, ct) is not { } task) return Problems.NoTask(id);
        if (seconds > 0 && !task.State.IsTerminal())
            task = await WaitAsync(task, TimeSpan.FromSeconds(seconds), queries, watch, clock, lifetime.ApplicationStopping, ct);
        return TypedResults.Ok(await queries.DetailsAsync(task, ct));
    }

    private static async Task<TaskSaga> WaitAsync(
        TaskSaga task, TimeSpan limit, TaskQueries queries, TaskWatch watch, TimeProvider clock, CancellationToken stopping, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        using var watcher = watch.Open(task.CorrelationId);
        while (!stopping.IsCancellationRequested)
        {
            task = await queries.FindAsync(task.CorrelationId, ct) ?? task;
            var left = limit - clock.GetElapsedTime(started);
            if (task.State.IsTerminal() || left <= TimeSpan.Zero) break;
            var until = clock.GetTimestamp();
            do
            {
                await watcher.WaitAsync(left < LookAgain ? left : LookAgain, ct);
            }
            while (!watcher.TakeChanged() && !stopping.IsCancellationRequested && clock.GetElapsedTime(until) < LookAgain
                && clock.GetElapsedTime(started) < limit);
        }

        return task;
    }

    private static async Task<Results<Ok<Explanation>, ProblemHttpResult>> ExplainAsync(
        string id, TaskQueries queries, Explainer explainer, CancellationToken ct) =>
        await queries.FindAsync(id, ct) is { } task ? TypedResults.Ok(await explainer.ExplainAsync(task, ct)) : Problems.NoTask(id);
}
