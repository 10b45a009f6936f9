using System.Net;
using Microsoft.Extensions.Primitives;

namespace Scitq.Coordinator.Api.Access;

/// <summary>
/// Tells a request that a program of this machine made for itself from one that a web page made through a browser on this machine: the
/// page's name was made to resolve to it, or its script posts across origins.
/// </summary>
internal static class LocalRequest
{
    public static bool Is(HttpRequest request)
    {
        if (!IsLoopback(request.Host.Host)) return false;
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) return true;
        return StringValues.IsNullOrEmpty(request.Headers.Origin)
            || string.Equals(request.Headers.Origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
