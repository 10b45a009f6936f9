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
        // Not AddAuthentication: for cookies, which we don't have, it makes keys in the account's home at each start.
        services.AddAuthenticationCore(options => options.DefaultScheme = TokenHandler.Bearer).AddWebEncoders();
        new AuthenticationBuilder(services).AddScheme<AuthenticationSchemeOptions, TokenHandler>(TokenHandler.Bearer, null);
        services.AddAuthorization(Rights.AddPolicies);
        services.AddRateLimiter(RequestLimits.Configure);
        // The framework would log each challenge; Refusals logs them in a number that a log can bear.
        return services.AddLogging(logging => logging.AddFilter(typeof(TokenHandler).FullName, LogLevel.Warning));
    }

    /// <summary>The limits come after authentication, which they ask, and before authorization, which would answer.</summary>
    public static void UseAccess(this WebApplication app) => app.UseAuthentication().UseRateLimiter().UseAuthorization();
}
