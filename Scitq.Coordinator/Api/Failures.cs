using Microsoft.AspNetCore.Diagnostics;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>
/// Answers for exceptions that no endpoint has caught: callers learn whether the request or the service is at fault, and nothing of its inside.
/// </summary>
internal sealed partial class Failures(ITaskStore store, DatabaseOutage outage, ILogger<Failures> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken ct)
    {
        if (context.Response.HasStarted) return false;
        var problem = exception switch
        {
            InvalidRequestException e => Problems.Invalid(e.Message),
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
                Problems.Of(StatusCodes.Status413PayloadTooLarge, "too_large", "the request is larger than 64 MB.", "Send the tasks in several requests."),
            BadHttpRequestException e => Problems.Of(e.StatusCode, "invalid", e.Message),
            _ when IsAway(exception) =>
                Problems.Unavailable($"{outage.Note(exception) ?? "the database does not answer"}.",
                    "Try again in a while; what was sent with an id can safely be sent again."),
            _ => Unexpected(context.Request.Path, exception),
        };
        await problem.ExecuteAsync(context);
        return true;
    }

    private bool IsAway(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
            if (store.IsTransient(exception)) return true;
        return false;
    }

    private Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult Unexpected(PathString path, Exception exception)
    {
        Log.Unexpected(logger, path, exception);
        return Problems.Of(StatusCodes.Status500InternalServerError, "internal", "the coordinator failed to answer; its log says why.");
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Path} failed")]
        public static partial void Unexpected(ILogger logger, string path, Exception exception);
    }
}

/// <summary>A request that can't be understood or accepted; the message tells its sender why.</summary>
internal sealed class InvalidRequestException(string problem) : Exception(problem);
