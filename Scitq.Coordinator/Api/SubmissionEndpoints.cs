using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>Submitting tasks, one or many.</summary>
internal static class SubmissionEndpoints
{
    private const long MaxBody = 64L * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    // A database that is known to be away will not answer soon.
    private static readonly TimeSpan ShortPatience = TimeSpan.FromSeconds(5);

    public static void MapSubmission(this IEndpointRouteBuilder api)
    {
        var tasks = api.MapGroup("").RequireAuthorization(Rights.ChangeTasks);
        tasks.MapPost("/tasks", SubmitAsync).Accepts<TaskSpec>("application/json")
            .WithSummary("Queue a task. With an `id` (a GUID, also as header Idempotency-Key) the same request can be sent again.");
        tasks.MapPost("/tasks/bulk", SubmitManyAsync).Accepts<BulkSubmission>("application/json").WithMetadata(new RequestSizeLimitAttribute(MaxBody))
            .WithSummary("Queue up to 20,000 tasks: all of them or, if one is not acceptable, none.");
    }

    private static async Task<Results<Created<TaskView>, Ok<TaskView>, ProblemHttpResult>> SubmitAsync(
        HttpRequest request, [FromHeader(Name = "Idempotency-Key")] string? key, TaskService tasks, TaskQueries queries, DataDisk disk, CancellationToken ct)
    {
        if (disk.Problem is { } full) return Full(full);
        var submission = await SubmissionReader.ReadOneAsync(request, ct);
        if (key is not null)
        {
            if (!Guid.TryParse(key, out var id) || id == Guid.Empty) return Problems.Invalid("the header Idempotency-Key is not a GUID.");
            if (submission.Id is not null && submission.Id != id) return Problems.Invalid("the header Idempotency-Key and the member 'id' differ.");
            submission = submission with { Id = id };
        }

        var order = Order(submission);
        if (await StoreAsync(tasks, [order], request, ct) is not { } submitted) return Late(tasks, order.TaskId);
        var task = submitted[0];
        if (IsNew(task, order)) return TypedResults.Created($"/api/v1/tasks/{task.Number}", new TaskView(task, []));
        if (!IsSame(task, order)) return Problems.IdReused(task.CorrelationId, task.Number);
        return TypedResults.Ok((await queries.ViewsAsync([task], ct))[0]);
    }

    private static async Task<Results<JsonHttpResult<BulkSubmitted>, ProblemHttpResult>> SubmitManyAsync(
        HttpRequest request, TaskService tasks, TaskQueries queries, DataDisk disk, CancellationToken ct)
    {
        if (disk.Problem is { } full) return Full(full);
        var submissions = await SubmissionReader.ReadManyAsync(request, ct);
        var orders = submissions.Select(Order).ToList();
        var known = await queries.FindAsync([.. submissions.Where(s => s.Id is not null).Select(s => s.Id!.Value)], ct);
        foreach (var order in orders)
            if (known.TryGetValue(order.TaskId, out var task) && !IsSame(task, order)) return Problems.IdReused(order.TaskId, task.Number);

        if (await StoreAsync(tasks, orders, request, ct) is not { } submitted) return Late(tasks, null);
        // Another submitter may have taken an id meanwhile.
        for (var i = 0; i < orders.Count; i++)
            if (!IsNew(submitted[i], orders[i]) && !IsSame(submitted[i], orders[i])) return Problems.IdReused(orders[i].TaskId, submitted[i].Number);
        return TypedResults.Json(new BulkSubmitted([.. submitted.Select(t => new SubmittedView(t.Number, t.CorrelationId))]),
            statusCode: StatusCodes.Status201Created);
    }

    /// <summary>Stores the tasks; null when it is not known in time whether they are stored.</summary>
    private static async Task<IReadOnlyList<TaskSaga>?> StoreAsync(
        TaskService tasks, IReadOnlyList<SubmitTask> orders, HttpRequest request, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(tasks.DatabaseProblem is null ? Patience : ShortPatience);
        try
        {
            var stored = await tasks.SubmitAsync(orders, Caller.Of(request.HttpContext), patience.Token);
            if (stored.Count > 0) request.HttpContext.Note(stored.Count == 1 ? $"task {stored[0].Number}" : $"{stored.Count} tasks from {stored[0].Number}");
            return stored;
        }
        catch (RequirementException e)
        {
            throw new InvalidRequestException(e.Message);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private static ProblemHttpResult Late(TaskService tasks, Guid? id) => Problems.Unavailable(
        $"{tasks.DatabaseProblem ?? "the database does not answer"}; whether the request is stored will be known when that is over.",
        id is null
            ? "If the tasks carried ids, send the same request again later: none will be queued twice."
            : $"Send it again later with the id {id}: it will not be queued twice.");

    private static ProblemHttpResult Full(string problem) =>
        Problems.Unavailable($"{problem}.", "Free some space there and send it again; nothing was queued.");

    private static SubmitTask Order(Submission submission) => new() { TaskId = submission.Id ?? Guid.CreateVersion7(), Spec = submission.Spec };

    private static bool IsNew(TaskSaga task, SubmitTask order) => ReferenceEquals(task.Spec, order.Spec);

    /// <summary>Whether both ask for the same; the database may have put the variables in another order.</summary>
    private static bool IsSame(TaskSaga task, SubmitTask order) => Canonical(task.Spec) == Canonical(order.Spec);

    private static string Canonical(TaskSpec spec) =>
        JsonSerializer.Serialize(spec with { Env = new SortedDictionary<string, string>(spec.Env.ToDictionary(), StringComparer.Ordinal) }, ScitqJson.Bus);
}

/// <summary>The body of a bulk submission.</summary>
internal sealed record BulkSubmission(IReadOnlyList<TaskSpec> Tasks);

/// <summary>The tasks a bulk submission has made, in its order.</summary>
internal sealed record BulkSubmitted(IReadOnlyList<SubmittedView> Tasks);

/// <summary>The two names of a submitted task.</summary>
internal sealed record SubmittedView(long TaskId, Guid Id);
