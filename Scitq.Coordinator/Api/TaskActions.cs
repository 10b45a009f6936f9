using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>Cancelling tasks, launching them again and delivering their output again, one or many.</summary>
internal static class TaskActions
{
    private const int Page = 1000;

    public static void MapActions(this IEndpointRouteBuilder api)
    {
        var tasks = api.MapGroup("").RequireAuthorization(Rights.ChangeTasks);
        tasks.MapPost("/tasks/{id}/cancel", CancelAsync).Accepts<ReasonBody>(isOptional: true, "application/json")
            .WithSummary("End a task for good: at once when no worker has it, else as soon as its worker has stopped it.");
        tasks.MapPost("/tasks/{id}/relaunch", RelaunchAsync).Accepts<ReasonBody>(isOptional: true, "application/json")
            .WithSummary("Start another attempt of a task that has ended.");
        tasks.MapPost("/tasks/{id}/retry-upload", RetryUploadAsync).Accepts<ReasonBody>(isOptional: true, "application/json")
            .WithSummary("Deliver the output once more that the worker keeps of a task whose upload failed, without running the task again.");
        tasks.MapPost("/tasks/actions", ActAsync).Accepts<ActionBody>("application/json")
            .WithSummary(
                "Cancel, relaunch or retry-upload many tasks: those with these ids, or those that match the filter. Without a status in the filter, "
                + "cancel takes all that have not ended, relaunch all that failed, retry-upload all that failed in their upload.");
    }

    private static async Task<Results<Accepted<TaskView>, ProblemHttpResult>> CancelAsync(
        string id, HttpRequest request, TaskQueries queries, TaskService tasks, CancellationToken ct)
    {
        var reason = await ReasonAsync(request, ct);
        return await queries.FindAsync(id, ct) is { } task
            && await tasks.CancelAsync(task.CorrelationId, reason, Caller.Of(request.HttpContext), ct) is { } result
            ? await AnswerAsync(result, queries, $"task {result.Task.Number} has ended already ({Word(result.Task.State)}).",
                "There is nothing left to cancel.", ct)
            : Problems.NoTask(id);
    }

    private static async Task<Results<Accepted<TaskView>, ProblemHttpResult>> RelaunchAsync(
        string id, HttpRequest request, TaskQueries queries, TaskService tasks, CancellationToken ct)
    {
        var reason = await ReasonAsync(request, ct);
        return await queries.FindAsync(id, ct) is { } task
            && await tasks.RelaunchAsync(task.CorrelationId, reason, Caller.Of(request.HttpContext), ct) is { } result
            ? await AnswerAsync(result, queries, $"task {result.Task.Number} has not ended ({Word(result.Task.State)}).",
                "Cancel it first, or wait for its end.", ct)
            : Problems.NoTask(id);
    }

    private static async Task<Results<Accepted<TaskView>, ProblemHttpResult>> RetryUploadAsync(
        string id, HttpRequest request, TaskQueries queries, UploadRetries uploads, CancellationToken ct)
    {
        var reason = await ReasonAsync(request, ct);
        if (await queries.FindAsync(id, ct) is not { } task) return Problems.NoTask(id);
        if ((await uploads.RetryAsync([task.CorrelationId], reason, Caller.Of(request.HttpContext), ct))[0] is not { } result) return Problems.NoTask(id);
        return await AnswerAsync((result.Task, result.Problem is null), queries, $"task {task.Number} can't be delivered again: {result.Problem}",
            "Relaunch runs the task again.", ct);
    }

    private static async Task<Results<Accepted<TaskView>, ProblemHttpResult>> AnswerAsync(
        (TaskSaga Task, bool Done) result, TaskQueries queries, string refusal, string hint, CancellationToken ct) =>
        result.Done
            ? TypedResults.Accepted($"/api/v1/tasks/{result.Task.Number}", (await queries.ViewsAsync([result.Task], ct))[0])
            : Problems.WrongState(refusal, hint);

    public static async Task<string?> ReasonAsync(HttpRequest request, CancellationToken ct)
    {
        if (!StrictRequest.HasBody(request)) return null;
        var reason = (await SubmissionReader.ReadAsync<ReasonBody>(request, ct)).Reason;
        return CheckReason(reason);
    }

    private static string? CheckReason(string? reason) =>
        reason is { Length: > 1000 } || reason?.Contains('\0') == true
            ? throw new InvalidRequestException("the reason is longer than 1000 characters or holds a NUL byte.")
            : reason;

    private static async Task<Ok<ActionView>> ActAsync(
        HttpRequest request, IDbContextFactory<ScitqDb> contexts, TaskService tasks, UploadRetries uploads, CancellationToken ct)
    {
        var body = await SubmissionReader.ReadAsync<ActionBody>(request, ct);
        var reason = CheckReason(body.Reason);
        var by = Caller.Of(request.HttpContext);
        TaskAction action = body.Action switch
        {
            "cancel" => TaskAction.Cancel,
            "relaunch" => TaskAction.Relaunch,
            "retry-upload" => TaskAction.RetryUpload,
            _ => throw new InvalidRequestException($"action '{body.Action}' is not one of cancel, relaunch, retry-upload."),
        };
        if (body.Ids is null == body.Filter is null) throw new InvalidRequestException("give either 'ids' or 'filter'.");

        var result = new ActionResult();
        var pages = body.Ids is { } ids ? ByIdAsync(contexts, ids, result, ct) : ByFilterAsync(contexts, body.Filter!.Read(action), ct);
        await foreach (var page in pages)
        {
            result.Matched += page.Count;
            var guids = page.ConvertAll(m => m.Id);
            if (action == TaskAction.RetryUpload)
            {
                var problems = body.DryRun
                    ? await uploads.ProblemsAsync(guids, ct)
                    : (await uploads.RetryAsync(guids, reason, by, ct)).Select((r, i) => (Id: guids[i], r?.Problem)).ToDictionary(r => r.Id, r => r.Problem);
                foreach (var match in page) result.Take(match, problems.TryGetValue(match.Id, out var problem) && problem is null, problem);
                continue;
            }

            if (body.DryRun)
            {
                foreach (var match in page) result.Take(match, match.State.IsTerminal() == (action == TaskAction.Relaunch));
                continue;
            }

            var done = action == TaskAction.Relaunch ? await tasks.RelaunchAsync(guids, reason, by, ct) : await tasks.CancelAsync(guids, reason, by, ct);
            for (var i = 0; i < page.Count; i++) result.Take(page[i] with { State = done[i]?.Task.State ?? page[i].State }, done[i]?.Done == true);
        }

        request.HttpContext.Note($"{body.Action}{(body.DryRun ? " (dry run)" : "")} of {result.Tasks.Count} tasks");
        return TypedResults.Ok(new ActionView(result.Matched, body.DryRun ? 0 : result.Tasks.Count, result.Tasks, result.Skipped));
    }

    private static async IAsyncEnumerable<List<Match>> ByFilterAsync(
        IDbContextFactory<ScitqDb> contexts, TaskFilter filter, [EnumeratorCancellation] CancellationToken ct)
    {
        long after = 0;
        long last;
        await using (var db = await contexts.CreateDbContextAsync(ct)) last = await db.Tasks.MaxAsync(t => (long?)t.Number, ct) ?? 0;
        while (true)
        {
            List<Match> page;
            await using (var db = await contexts.CreateDbContextAsync(ct))
            {
                // Tasks that are submitted meanwhile were not meant.
                page = await filter.Apply(db.Tasks).Where(t => t.Number > after && t.Number <= last).OrderBy(t => t.Number).Take(Page)
                    .Select(t => new Match(t.CorrelationId, t.Number, t.State)).ToListAsync(ct);
            }

            if (page.Count > 0) yield return page;
            if (page.Count < Page) yield break;
            after = page[^1].Number;
        }
    }

    private static async IAsyncEnumerable<List<Match>> ByIdAsync(
        IDbContextFactory<ScitqDb> contexts, IReadOnlyList<JsonElement> ids, ActionResult result, [EnumeratorCancellation] CancellationToken ct)
    {
        if (ids.Count > 100_000) throw new InvalidRequestException("more than 100000 ids in one request: send them in several, or give a filter.");
        var asked = ids.Select(e => TaskId.TryParse(e.ValueKind == JsonValueKind.String ? e.GetString() : e.GetRawText(), out var id)
            ? id
            : throw new InvalidRequestException($"'{e.GetRawText()}' is neither a task number nor a task GUID.")).Distinct().ToList();
        var seen = new HashSet<Guid>();
        foreach (var part in asked.Chunk(Page))
        {
            var numbers = part.Where(x => x.Number is not null).Select(x => x.Number!.Value).ToArray();
            var guids = part.Where(x => x.Guid is not null).Select(x => x.Guid!.Value).ToArray();
            await using var db = await contexts.CreateDbContextAsync(ct);
            var found = await db.Tasks.Where(t => numbers.Contains(t.Number) || guids.Contains(t.CorrelationId)).OrderBy(t => t.Number)
                .Select(t => new Match(t.CorrelationId, t.Number, t.State)).ToListAsync(ct);
            var known = found.SelectMany(m => new[] { new TaskId(m.Number, null), new TaskId(null, m.Id) }).ToHashSet();
            foreach (var id in part.Where(id => !known.Contains(id)))
                result.Skipped.Add(new SkippedView(id.Number is { } number ? number : id.ToString(), "there is no such task."));
            found.RemoveAll(m => !seen.Add(m.Id));
            if (found.Count > 0) yield return found;
        }
    }

    private static string Word(TaskState state) => state.ToString().ToLowerInvariant();

    private sealed record Match(Guid Id, long Number, TaskState State);

    private sealed class ActionResult
    {
        public int Matched { get; set; }

        public List<long> Tasks { get; } = [];

        public List<SkippedView> Skipped { get; } = [];

        public void Take(Match task, bool done, string? why = null)
        {
            if (done) Tasks.Add(task.Number);
            else Skipped.Add(new SkippedView(task.Number, why ?? $"it is {Word(task.State)}."));
        }
    }
}

/// <summary>The actions that can be done with many tasks at once.</summary>
internal enum TaskAction
{
    Cancel,
    Relaunch,
    RetryUpload,
}

/// <summary>The reason for an action, in its caller's words.</summary>
internal sealed record ReasonBody(string? Reason);

/// <summary>An action, and the tasks that it is for.</summary>
/// <param name="Action"><c>cancel</c>, <c>relaunch</c> or <c>retry-upload</c>.</param>
/// <param name="Ids">Task numbers or GUIDs.</param>
/// <param name="Filter">Instead of ids: properties that the tasks have in common.</param>
/// <param name="Reason">Kept in their history.</param>
/// <param name="DryRun">Only say which tasks it would be.</param>
internal sealed record ActionBody(string? Action, IReadOnlyList<JsonElement>? Ids, ActionFilter? Filter, string? Reason, bool DryRun = false);

/// <summary>
/// The tasks that an action is for. Each member is one text or a list; a member that is left out does not narrow the filter, but one must be
/// there.
/// </summary>
internal sealed record ActionFilter(JsonElement Batch, JsonElement Status, JsonElement Worker, JsonElement Class, string? Name)
{
    public TaskFilter Read(TaskAction action)
    {
        var filter = new TaskFilter
        {
            Batches = TaskFilter.Words(Texts("batch", Batch)),
            States = TaskFilter.Enums<TaskState>("status", Texts("status", Status)),
            Workers = TaskFilter.Words(Texts("worker", Worker)),
            Classes = TaskFilter.Enums<FailureClass>("class", Texts("class", Class)),
            Name = Name,
        };
        if (filter.IsEmpty)
            throw new InvalidRequestException("the filter is empty, and so would mean every task: give at least a batch, status, worker, class or name.");
        if (action == TaskAction.RetryUpload && filter.Classes.Count == 0) filter = filter with { Classes = [FailureClass.Upload] };
        if (filter.States.Count > 0) return filter;
        if (action == TaskAction.Cancel) return filter with { States = [.. TaskRules.States.Where(s => !s.IsTerminal())] };
        return filter with { States = filter.Classes.Contains(FailureClass.Cancelled) ? [TaskState.Failed, TaskState.Cancelled] : [TaskState.Failed] };
    }

    private static string[] Texts(string member, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => [],
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array when value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String) =>
            [.. value.EnumerateArray().Select(e => e.GetString()!)],
        _ => throw new InvalidRequestException($"the member 'filter.{member}' is neither a text nor a list of texts."),
    };
}

/// <summary>The outcome of an action on many tasks.</summary>
internal sealed record ActionView(int Matched, int Done, IReadOnlyList<long> Tasks, IReadOnlyList<SkippedView> Skipped);

/// <summary>A task that was asked for and was not changed; <paramref name="TaskId"/> is a number, or the GUID that no task has.</summary>
internal sealed record SkippedView(object TaskId, string Why);
