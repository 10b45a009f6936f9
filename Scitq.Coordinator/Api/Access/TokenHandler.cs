using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Scitq.Coordinator.Api.Access;

/// <summary>
/// Lets in every request that carries the token. A coordinator that needs none (<c>--no-token</c>, on loopback only) lets in every
/// <see cref="LocalRequest"/>.
/// </summary>
internal sealed class TokenHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, ApiToken token, Refusals refusals)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string Bearer = "Bearer";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() =>
        Task.FromResult(IsLetIn() ? AuthenticateResult.Success(new AuthenticationTicket(Rights.Full(Bearer), Bearer)) : AuthenticateResult.NoResult());

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        refusals.Note(Context);
        if (!token.IsNeeded)
        {
            return Problems.Of(
                StatusCodes.Status403Forbidden, "forbidden", "without a token the coordinator answers only requests made to this machine, from this machine.",
                "Use http://127.0.0.1, or start the coordinator without --no-token.").ExecuteAsync(Context);
        }

        Response.Headers.WWWAuthenticate = Bearer;
        return Problems.Of(
            StatusCodes.Status401Unauthorized, "unauthorized", "the request carries no valid token.",
            "The tools take it from --token-file, SCITQ_TOKEN_FILE or SCITQ_TOKEN, other programs send the header Authorization: Bearer TOKEN; "
            + "a coordinator that made its own keeps it in DATA/token.").ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problems.Of(StatusCodes.Status403Forbidden, "forbidden", "the token does not give the right to do this.").ExecuteAsync(Context);

    private bool IsLetIn()
    {
        if (!token.IsNeeded) return LocalRequest.Is(Request);
        const string scheme = Bearer + " ";
        return Request.Headers.Authorization.ToString() is var header && header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
            && token.Is(header[scheme.Length..].Trim());
    }
}
