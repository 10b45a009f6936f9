using System.Globalization;
using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.RateLimiting;

namespace Scitq.Coordinator.Api.Access;

/// <summary>
/// Limits guessing of tokens, and questions of strangers that cost a look into the database. Whoever shows the token is never
/// limited, also not behind an address from which others guess.
/// </summary>
internal static class RequestLimits
{
    /// <summary>A limiter costs memory and work for a minute, and a stranger may have addresses without number.</summary>
    private const int MaxLimiters = 1 << 14;

    private static readonly FixedWindowRateLimiterOptions Guesses = new() { PermitLimit = 10, Window = TimeSpan.FromMinutes(1) };
    private static readonly FixedWindowRateLimiterOptions Probes = new() { PermitLimit = 500, Window = TimeSpan.FromSeconds(10) };

    internal enum Kind
    {
        LetIn,
        Probe,
        Guess,
    }

    public static void Configure(RateLimiterOptions options)
    {
        options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, (Kind, int)>(PartitionOf);
        options.OnRejected = (rejected, _) => new ValueTask(RejectAsync(rejected.HttpContext, rejected.Lease));
    }

    /// <summary>The limiter that a request counts for. Some addresses share one; which ones differs from start to start.</summary>
    internal static RateLimitPartition<(Kind Kind, int Number)> PartitionOf(HttpContext context)
    {
        if (context.User.Identity?.IsAuthenticated == true || !context.RequestServices.GetRequiredService<ApiToken>().IsNeeded)
            return RateLimitPartition.GetNoLimiter((Kind.LetIn, 0));
        var address = Neighbours(Caller.Plain(context.Connection.RemoteIpAddress) ?? IPAddress.None);
        var number = HashCode.Combine(address) & (MaxLimiters - 1);
        return IsProbe(context)
            ? RateLimitPartition.GetFixedWindowLimiter((Kind.Probe, number), _ => Probes)
            : RateLimitPartition.GetFixedWindowLimiter((Kind.Guess, number), _ => Guesses);
    }

    private static bool IsProbe(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null;

    /// <summary>One machine may have all addresses of a network with IPv6; they count as one.</summary>
    private static IPAddress Neighbours(IPAddress address) =>
        address.GetAddressBytes() is { Length: 16 } bytes ? new IPAddress([.. bytes[..8], 0, 0, 0, 0, 0, 0, 0, 0]) : address;

    private static Task RejectAsync(HttpContext context, RateLimitLease lease)
    {
        var pause = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? Math.Max(1, Math.Ceiling(after.TotalSeconds)) : 60;
        context.Response.Headers.RetryAfter = pause.ToString(CultureInfo.InvariantCulture);
        if (IsProbe(context))
            return Problems.Of(StatusCodes.Status429TooManyRequests, "too_many_requests", "too many requests from this address.", "Ask less often.")
                .ExecuteAsync(context);
        context.RequestServices.GetRequiredService<Refusals>().Note(context);
        return Problems.Of(StatusCodes.Status429TooManyRequests, "too_many_failures", "too many requests without the right token.", "Wait a minute.")
            .ExecuteAsync(context);
    }
}
