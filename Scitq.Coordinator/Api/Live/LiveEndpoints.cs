using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.HttpResults;
using Scitq.Coordinator.Api.Access;

namespace Scitq.Coordinator.Api.Live;

/// <summary>Watching batches, workers and running tasks.</summary>
internal static class LiveEndpoints
{
    private const int MostWatchers = 200;
    private static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(15);
    private static int _watchers;

    public static void MapLive(this IEndpointRouteBuilder api) =>
        api.MapGet("/stream", Stream).RequireAuthorization(Rights.ReadTasks).RequireAuthorization(Rights.ReadWorkers)
            .Produces(StatusCodes.Status200OK, contentType: "text/event-stream")
            .WithSummary(
                "Batches, workers and the tasks that workers have in hand, as server-sent events: first a `snapshot`, then, at most once a second, `changes`. "
                + "`topics` are batches, workers, tasks; `batch` limits it to some.");

    private static Results<ServerSentEventsResult<object>, ProblemHttpResult> Stream(
        HttpContext context, string[]? topics, string[]? batch, LiveView view, TimeProvider clock, IHostApplicationLifetime lifetime, CancellationToken ct)
    {
        _ = (topics, batch);
        var wanted = TaskFilter.Words(context.Request.Query["topics"]).ToList();
        if (wanted.Find(t => !LiveWishes.AllTopics.Contains(t)) is { } unknown)
            return Problems.Invalid($"topic '{unknown}' is none of {string.Join(", ", LiveWishes.AllTopics)}.");
        var wishes = new LiveWishes(wanted.Count > 0 ? wanted : LiveWishes.AllTopics, [.. TaskFilter.Words(context.Request.Query["batch"])]);
        if (Volatile.Read(ref _watchers) >= MostWatchers)
            return Problems.Of(StatusCodes.Status503ServiceUnavailable, "too_many", $"{MostWatchers} clients watch already.", "Close some of them.");
        // nginx would collect the events otherwise.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        return TypedResults.ServerSentEvents(WatchAsync(wishes, view, clock, lifetime.ApplicationStopping, ct));
    }

    private static async IAsyncEnumerable<SseItem<object>> WatchAsync(
        LiveWishes wishes, LiveView view, TimeProvider clock, CancellationToken stopping, [EnumeratorCancellation] CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, stopping);
        var told = clock.GetTimestamp();
        Interlocked.Increment(ref _watchers);
        try
        {
            for (var seen = LiveState.Nothing; ;)
            {
                LiveState now;
                try
                {
                    now = await view.AfterAsync(seen, PingAfter, stop.Token);
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    yield break;
                }

                var item = ReferenceEquals(now, seen) ? null : wishes.Compare(seen, now);
                if (item is null && clock.GetElapsedTime(told) >= PingAfter) item = new SseItem<object>(new Ping(), "ping");
                seen = now;
                if (item is not { } news) continue;
                told = clock.GetTimestamp();
                yield return news;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _watchers);
        }
    }

    /// <summary>A sign of life while there is nothing to tell.</summary>
    private sealed record Ping;
}
