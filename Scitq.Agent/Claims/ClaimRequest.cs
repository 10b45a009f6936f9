namespace Scitq.Agent.Claims;

/// <summary>The claims of one message.</summary>
/// <param name="Claims">In the order in which they are answered.</param>
/// <param name="Sent">The timestamp of sending, from which the leases of its grants count.</param>
internal sealed record ClaimRequest(List<Claim> Claims, long Sent);
