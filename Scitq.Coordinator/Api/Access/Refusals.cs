using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Primitives;

namespace Scitq.Coordinator.Api.Access;

/// <summary>
/// Logs refused requests, never the tokens that they carried. From one address the first of a minute is told at once, and the number of
/// the others in the next minute; where more addresses were refused than a log can bear, only their number is told.
/// </summary>
internal sealed partial class Refusals(ApiToken token, TimeProvider clock, ILogger<Refusals> logger)
{
    private const int MaxTold = 50, MaxAddresses = 10_000;
    private Window _window = new(0, []);

    public void Note(HttpContext context)
    {
        var minute = clock.GetUtcNow().ToUnixTimeSeconds() / 60;
        var window = _window;
        if (window.Minute != minute && Interlocked.CompareExchange(ref _window, new Window(minute, []), window) == window) Sum(window);
        var address = Caller.Plain(context.Connection.RemoteIpAddress) ?? IPAddress.None;
        var refused = _window.Refused;
        if (refused.Count >= MaxAddresses && !refused.ContainsKey(address)) address = IPAddress.None;
        var count = refused.AddOrUpdate(address, 1, (_, n) => n + 1);
        if (count == 1 && refused.Count <= MaxTold)
            Log.Refused(logger, Caller.Unknown(context), context.Request.Method, context.Request.Path.ToUriComponent(), Why(context.Request));
    }

    private string Why(HttpRequest request) =>
        !token.IsNeeded ? "it came from another machine's name or another page's script"
        : StringValues.IsNullOrEmpty(request.Headers.Authorization) ? "it has no token"
        : "its token is wrong";

    private void Sum(Window window)
    {
        foreach (var (address, count) in window.Refused.Where(r => r.Value > 1).OrderByDescending(r => r.Value).Take(MaxTold))
            Log.More(logger, address, count - 1);
        if (window.Refused.Count > MaxTold) Log.Addresses(logger, window.Refused.Count);
    }

    private sealed record Window(long Minute, ConcurrentDictionary<IPAddress, int> Refused);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Caller} was refused {Method} {Path}: {Why}")]
        public static partial void Refused(ILogger logger, string caller, string method, string path, string why);

        [LoggerMessage(2, LogLevel.Warning, "{Address} was refused {Count} more times in that minute")]
        public static partial void More(ILogger logger, IPAddress address, int count);

        [LoggerMessage(3, LogLevel.Warning, "Requests from {Count} addresses were refused in that minute; not all are named here")]
        public static partial void Addresses(ILogger logger, int count);
    }
}
