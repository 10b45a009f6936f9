using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Scitq.Coordinator.Api;

/// <summary>
/// Lets in who knows the token. Without a token (<c>--no-token</c>, on loopback only) it lets in who really
/// comes from this machine: not a web page whose name was made to resolve to it, nor one that posts across origins.
/// </summary>
internal sealed partial class Authentication(RequestDelegate next, CoordinatorOptions options, TimeProvider clock, ILogger<Authentication> logger)
{
    private const string Scheme = "Bearer ";
    private const int MaxFailures = 10, MaxTold = 50, MaxAddresses = 10_000;
    private readonly byte[]? _token = string.IsNullOrEmpty(options.Token) ? null : SHA256.HashData(Encoding.UTF8.GetBytes(options.Token));
    private Window _window = new(0, []);

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/health")) return next(context);
        if (_token is null)
        {
            if (IsFromHere(context.Request)) return next(context);
            Refused(context, "it came from another machine's name or another page's script");
            return Problems.Of(StatusCodes.Status403Forbidden, "forbidden", "without a token the coordinator answers only requests made to this machine, from this machine.", "Use http://127.0.0.1, or start the coordinator without --no-token.").ExecuteAsync(context);
        }

        // Asked first, so that failures of others behind the same address lock nobody out.
        if (IsToken(context.Request.Headers.Authorization)) return next(context);
        if (Refused(context, StringValues.IsNullOrEmpty(context.Request.Headers.Authorization) ? "it has no token" : "its token is wrong") > MaxFailures)
        {
            context.Response.Headers.RetryAfter = "60";
            return Problems.Of(StatusCodes.Status429TooManyRequests, "too_many_failures", "too many requests without the right token.", "Wait a minute.").ExecuteAsync(context);
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Of(StatusCodes.Status401Unauthorized, "unauthorized", "the request carries no valid token.", "The tools take it from --token-file, SCITQ_TOKEN_FILE or SCITQ_TOKEN, other programs send the header Authorization: Bearer TOKEN; a coordinator that made its own keeps it in DATA/token.").ExecuteAsync(context);
    }

    private static bool IsFromHere(HttpRequest request)
    {
        if (!IsLoopback(request.Host.Host)) return false;
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) return true;
        return StringValues.IsNullOrEmpty(request.Headers.Origin)
            || string.Equals(request.Headers.Origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private bool IsToken(string? header) =>
        header is not null && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..].Trim())), _token);

    /// <summary>
    /// Counts and logs a refusal, never what was sent. From one address the first of a minute is told at once and the others in the
    /// next minute, as a number; of more addresses than a log can bear only the number is.
    /// </summary>
    private int Refused(HttpContext context, string why)
    {
        var minute = clock.GetUtcNow().ToUnixTimeSeconds() / 60;
        var window = _window;
        if (window.Minute != minute && Interlocked.CompareExchange(ref _window, new Window(minute, []), window) == window) Sum(window);
        var address = Caller.Plain(context.Connection.RemoteIpAddress) ?? IPAddress.None;
        var failures = _window.Failures;
        if (failures.Count >= MaxAddresses && !failures.ContainsKey(address)) address = IPAddress.None;
        var count = failures.AddOrUpdate(address, 1, (_, n) => n + 1);
        if (count == 1 && failures.Count <= MaxTold) Log.Refused(logger, Caller.Of(context), context.Request.Method, context.Request.Path.ToUriComponent(), why);
        return count;
    }

    private void Sum(Window window)
    {
        foreach (var (address, count) in window.Failures.Where(f => f.Value > 1).OrderByDescending(f => f.Value).Take(MaxTold)) Log.More(logger, address, count - 1);
        if (window.Failures.Count > MaxTold) Log.Addresses(logger, window.Failures.Count);
    }

    private sealed record Window(long Minute, ConcurrentDictionary<IPAddress, int> Failures);

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
