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
internal sealed class Authentication(RequestDelegate next, CoordinatorOptions options, TimeProvider clock)
{
    private const string Scheme = "Bearer ";
    private const int MaxFailures = 10;
    private readonly byte[]? _token = string.IsNullOrEmpty(options.Token) ? null : SHA256.HashData(Encoding.UTF8.GetBytes(options.Token));
    private Window _window = new(0, []);

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/health")) return next(context);
        if (_token is null)
            return IsFromHere(context.Request)
                ? next(context)
                : Problems.Of(StatusCodes.Status403Forbidden, "forbidden", "without a token the coordinator answers only requests made to this machine, from this machine.", "Use http://127.0.0.1, or start the coordinator without --no-token.").ExecuteAsync(context);

        // Asked first, so that failures of others behind the same address lock nobody out.
        if (IsToken(context.Request.Headers.Authorization)) return next(context);
        if (Failures(context.Connection.RemoteIpAddress) > MaxFailures)
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

    private int Failures(IPAddress? address)
    {
        var minute = clock.GetUtcNow().ToUnixTimeSeconds() / 60;
        if (_window.Minute != minute) _window = new Window(minute, []);
        return _window.Failures.AddOrUpdate(address ?? IPAddress.None, 1, (_, n) => n + 1);
    }

    private sealed record Window(long Minute, ConcurrentDictionary<IPAddress, int> Failures);
}
