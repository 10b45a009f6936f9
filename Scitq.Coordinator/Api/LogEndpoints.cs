using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>Reading what attempts have printed.</summary>
internal static class LogEndpoints
{
    public static void MapLogs(this IEndpointRouteBuilder api)
    {
        var logs = api.MapGroup("").RequireAuthorization(Rights.ReadTasks);
        logs.MapGet("/tasks/{id}/attempts/{attempt}/log/{stream}", ReadAsync).Produces(StatusCodes.Status200OK, contentType: "application/octet-stream")
            .WithSummary("The bytes an attempt (a number or `latest`) has printed so far, whole or a part of them.");
        logs.MapGet("/tasks/{id}/log/stream", StreamAsync).Produces(StatusCodes.Status200OK, contentType: "text/event-stream")
            .WithSummary("What a task prints, as it prints it, until it has ended; as server-sent events.");
    }

    private static async Task<Results<EmptyHttpResult, ProblemHttpResult>> ReadAsync(
        HttpContext context, string id, string attempt, string stream, string? offset, string? limit, string? tail,
        TaskQueries queries, LogStore logs, CancellationToken ct)
    {
        if (await queries.FindAsync(id, ct) is not { } task) return Problems.NoTask(id);
        var which = Attempt(attempt, task);
        var output = Stream(stream);
        var ended = task.State.IsTerminal() || which < task.Attempt;
        var recorded = ended ? await queries.AttemptAsync(task.CorrelationId, which, ct) : null;
        var size = logs.Length(task.CorrelationId, which, output);

        var response = context.Response;
        response.Headers["X-Log-Size"] = size.ToString(CultureInfo.InvariantCulture);
        var printed = (output == OutputStream.Stdout ? recorded?.StdoutBytes : recorded?.StderrBytes) ?? 0;
        response.Headers["X-Log-Complete"] = ended && size >= printed ? "true" : "false";
        // All that was printed was stored before the end was recorded: by another coordinator, or it was deleted since.
        if (ended && size < printed) response.Headers["X-Log-Missing"] = (printed - size).ToString(CultureInfo.InvariantCulture);
        response.Headers.AcceptRanges = "bytes";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-store";
        var (start, count) = Part(size, Count("offset", offset), Count("limit", limit), Count("tail", tail));
        if (RangeHeaderValue.TryParse(context.Request.Headers.Range.ToString(), out var range)
            && range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase) && range.Ranges.Count == 1)
        {
            var asked = range.Ranges.First();
            (start, count) = asked.From is { } from ? Part(size, from, asked.To - from + 1, null) : Part(size, null, null, asked.To);
            if (count == 0)
            {
                response.Headers.ContentRange = $"bytes */{size}";
                return Problems.Of(StatusCodes.Status416RangeNotSatisfiable, "invalid", $"the range {range} begins after the {size} bytes there are.");
            }

            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {start}-{start + count - 1}/{size}";
        }

        response.ContentType = "application/octet-stream";
        response.ContentLength = count;
        if (count > 0 && !HttpMethods.IsHead(context.Request.Method))
            await response.SendFileAsync(logs.FilePath(task.CorrelationId, which, output), start, count, ct);
        return TypedResults.Empty;
    }

    private static async Task<Results<ServerSentEventsResult<object>, ProblemHttpResult>> StreamAsync(
        HttpContext context, string id, string? stream, string? attempt, TaskQueries queries, LogFollower follower, CancellationToken ct)
    {
        if (await queries.FindAsync(id, ct) is not { } task) return Problems.NoTask(id);
        IReadOnlyList<OutputStream> streams = stream is null or "both" ? [OutputStream.Stdout, OutputStream.Stderr] : [Stream(stream)];
        var only = attempt is null or "latest" ? (int?)null : Attempt(attempt, task);
        var from = LogPosition.Read(context.Request.Headers["Last-Event-ID"]) ?? new LogPosition(only ?? TaskQueries.Latest(task), 0, 0);
        if (only is not null && from.Attempt != only) return Problems.Invalid("Last-Event-ID is of another attempt.");
        if (from.Attempt < 1 || from.Attempt > task.Attempt)
            return Problems.Invalid($"Last-Event-ID is of attempt {from.Attempt}, which task {task.Number} does not have.");
        // nginx would collect the events otherwise.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        return TypedResults.ServerSentEvents(follower.FollowAsync(task.CorrelationId, streams, only is not null, from, ct));
    }

    private static int Attempt(string text, TaskSaga task) =>
        text == "latest" ? TaskQueries.Latest(task)
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) && attempt >= 1 && attempt <= task.Attempt ? attempt
        : throw new InvalidRequestException(
            $"attempt '{text}' is neither latest nor a number from 1 to {task.Attempt}, the last attempt of task {task.Number}.");

    private static OutputStream Stream(string text) => text switch
    {
        "stdout" => OutputStream.Stdout,
        "stderr" => OutputStream.Stderr,
        _ => throw new InvalidRequestException($"stream '{text}' is neither stdout nor stderr."),
    };

    private static long? Count(string member, string? text) => TaskFilter.Number(member, text) switch
    {
        < 0 => throw new InvalidRequestException($"{member} '{text}' is negative."),
        var number => number,
    };

    private static (long Start, long Count) Part(long size, long? offset, long? limit, long? tail)
    {
        var start = Math.Min(size, offset ?? 0);
        if (tail is { } last) start = Math.Max(start, size - Math.Min(size, last));
        return (start, Math.Min(size - start, limit ?? long.MaxValue));
    }
}
