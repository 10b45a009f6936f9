using Microsoft.AspNetCore.Authentication;
using Scitq.Hosting.Configuration;

namespace Scitq.Coordinator.Api.Access;

internal static class AccessRegistration
{
    /// <summary>Authentication by the token, a right for each endpoint, and limits for those who are not let in.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddServiceOptions<ApiOptions>();
        services.AddSingleton<ApiToken>().AddSingleton<Refusals>();
        services.AddAuthentication(TokenHandler.Bearer).AddScheme<AuthenticationSchemeOptions, TokenHandler>(TokenHandler.Bearer, null);
        services.AddAuthorization(Rights.AddPolicies);
        services.AddRateLimiter(RequestLimits.Configure);
        // The framework would log each challenge; Refusals logs them in a number that a log can bear.
        return services.AddLogging(logging => logging.AddFilter(typeof(TokenHandler).FullName, LogLevel.Warning));
    }

    /// <summary>The limits come after authentication, which they ask, and before authorization, which would answer.</summary>
    public static void UseAccess(this WebApplication app) => app.UseAuthentication().UseRateLimiter().UseAuthorization();
}
