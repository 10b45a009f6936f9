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
    private static readonly FixedWindowRateLimiterOptions s_guesses = new() { PermitLimit = 10, Window = TimeSpan.FromMinutes(1) };
    private static readonly FixedWindowRateLimiterOptions s_probes = new() { PermitLimit = 500, Window = TimeSpan.FromSeconds(10) };

    private enum Kind
    {
        LetIn,
        Probe,
        Guess,
    }

    public static void Configure(RateLimiterOptions options)
    {
        options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, (Kind, IPAddress)>(PartitionOf);
        options.OnRejected = (rejected, _) => new ValueTask(RejectAsync(rejected.HttpContext, rejected.Lease));
    }

    private static RateLimitPartition<(Kind, IPAddress)> PartitionOf(HttpContext context)
    {
        if (context.User.Identity?.IsAuthenticated == true || !context.RequestServices.GetRequiredService<ApiToken>().IsNeeded)
            return RateLimitPartition.GetNoLimiter((Kind.LetIn, IPAddress.None));
        var address = Neighbours(Caller.Plain(context.Connection.RemoteIpAddress) ?? IPAddress.None);
        return IsProbe(context)
            ? RateLimitPartition.GetFixedWindowLimiter((Kind.Probe, address), _ => s_probes)
            : RateLimitPartition.GetFixedWindowLimiter((Kind.Guess, address), _ => s_guesses);
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
