using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>Looking at attempts, of whatever task: those that workers have now, then the ended ones, the last first.</summary>
internal static class AttemptEndpoints
{
    public static void MapAttempts(this IEndpointRouteBuilder api)
    {
        var attempts = api.MapGroup("").RequireAuthorization(Rights.ReadTasks);
        attempts.MapGet("/attempts", ListAsync)
            .WithSummary("Attempts, newest first. The header X-Next-After, where there is one, is the `after` of the next page.");
        attempts.MapGet("/executions", ListAsync).WithSummary("The older name of /attempts.").AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Deprecated = true;
            return Task.CompletedTask;
        });
    }

    private static async Task<Results<Ok<List<AttemptView>>, ProblemHttpResult>> ListAsync(
        HttpContext context, IDbContextFactory<ScitqDb> contexts, LogStore logs, TaskQueries queries,
        string? task, string[]? worker, string[]? batch, string[]? status, string? after, string? limit, CancellationToken ct)
    {
        _ = (worker, batch, status);
        var query = context.Request.Query;
        var count = TaskFilter.Limit(limit, 10);
        var cursor = Cursor.Read(after);
        var (workers, batches) = (TaskFilter.Words(query["worker"]), TaskFilter.Words(query["batch"]));
        var (active, ended) = Statuses(TaskFilter.Words(query["status"]));
        Guid? only = null;
        if (task is not null)
        {
            if (await queries.FindAsync(task, ct) is not { } found) return Problems.NoTask(task);
            only = found.CorrelationId;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var tasks = db.Tasks.AsNoTracking();
        if (only is not null) tasks = tasks.Where(t => t.CorrelationId == only);
        if (batches.Count > 0) tasks = tasks.Where(t => batches.Contains(t.Batch));

        var page = new List<(AttemptView View, Cursor Place)>();
        if (active.Count > 0 && cursor.Finished is null)
        {
            var held = tasks.Where(t => active.Contains(t.State));
            if (workers.Count > 0) held = held.Where(t => workers.Contains(t.Worker!));
            if (cursor.Number is { } last) held = held.Where(t => t.Number < last);
            foreach (var t in await held.OrderByDescending(t => t.Number).Take(count + 1).ToListAsync(ct))
            {
                var stdout = logs.Length(t.CorrelationId, t.Attempt, OutputStream.Stdout);
                var stderr = logs.Length(t.CorrelationId, t.Attempt, OutputStream.Stderr);
                page.Add((new AttemptView(t, stdout, stderr), new Cursor(t.Number, null, 0)));
            }
        }

        if (ended.Count > 0 && page.Count <= count)
        {
            var attempts = db.Attempts.AsNoTracking();
            if (only is not null) attempts = attempts.Where(a => a.TaskId == only);
            if (workers.Count > 0) attempts = attempts.Where(a => workers.Contains(a.Worker!));
            if (ended.Count < Enum.GetValues<AttemptOutcome>().Length) attempts = attempts.Where(a => ended.Contains(a.Outcome));
            var rows = attempts.Join(tasks, a => a.TaskId, t => t.CorrelationId, (a, t) => new { Row = a, t.Number });
            if (cursor is { Finished: { } finished, Number: { } number, Attempt: var attempt })
                rows = rows
                    .Where(
                        x =>
                            x.Row.Finished < finished
                                || (x.Row.Finished == finished && (x.Number < number || (x.Number == number && x.Row.Attempt < attempt))));
            var wanted = rows.OrderByDescending(x => x.Row.Finished).ThenByDescending(x => x.Number).ThenByDescending(x => x.Row.Attempt)
                .Take(count + 1 - page.Count);
            foreach (var x in await wanted.ToListAsync(ct)) page.Add((new AttemptView(x.Row, x.Number), new Cursor(x.Number, x.Row.Finished, x.Row.Attempt)));
        }

        if (page.Count > count) context.Response.Headers["X-Next-After"] = page[count - 1].Place.ToString();
        return TypedResults.Ok(page.Take(count).Select(x => x.View).ToList());
    }

    private static (List<TaskState> Active, List<AttemptOutcome> Ended) Statuses(IReadOnlyList<string> words)
    {
        if (words.Count == 0) return ([.. TaskRules.Active], [.. Enum.GetValues<AttemptOutcome>()]);
        var (active, ended) = (new List<TaskState>(), new List<AttemptOutcome>());
        foreach (var word in words)
        {
            if (!char.IsLetter(word[0])) throw NoStatus(word);
            if (Enum.TryParse<AttemptOutcome>(word, ignoreCase: true, out var outcome)) ended.Add(outcome);
            else if (Enum.TryParse<TaskState>(word, ignoreCase: true, out var state) && state.IsActive()) active.Add(state);
            else throw NoStatus(word);
        }

        return (active, ended);
    }

    private static InvalidRequestException NoStatus(string word)
    {
        var known = TaskRules.Active.Select(s => s.ToString()).Concat(Enum.GetNames<AttemptOutcome>());
        return new($"status '{word}' is not one of {string.Join(", ", known).ToLowerInvariant()}.");
    }

    /// <summary>The last attempt of a page: an active one by its task, an ended one by its time and then its task.</summary>
    private sealed record Cursor(long? Number, DateTime? Finished, int Attempt)
    {
        public static Cursor Read(string? text)
        {
            if (string.IsNullOrEmpty(text)) return new Cursor(null, null, 0);
            var parts = text.Split('-');
            if (parts.Length is 1 or 3 && parts.All(p => long.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
            {
                var numbers = Array.ConvertAll(parts, p => long.Parse(p, CultureInfo.InvariantCulture));
                if (numbers.Length == 1) return new Cursor(numbers[0], null, 0);
                if (numbers[1] <= DateTime.MaxValue.Ticks && numbers[2] <= int.MaxValue)
                    return new Cursor(numbers[0], new DateTime(numbers[1], DateTimeKind.Utc), (int)numbers[2]);
            }

            throw new InvalidRequestException($"after '{text}' is not what X-Next-After said.");
        }

        public override string ToString() => Finished is { } time
            ? string.Create(CultureInfo.InvariantCulture, $"{Number}-{time.Ticks}-{Attempt}")
            : Number!.Value.ToString(CultureInfo.InvariantCulture);
    }
}
