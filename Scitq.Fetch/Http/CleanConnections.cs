using System.Net;

namespace Scitq.Fetch.Http;

/// <summary>
/// Leaves a connection pool behind once a request with a body was refused: a server may answer without having read the body (Ceph does), and then takes
/// what is left of it for the beginning of the next request on that connection, which may be another user's.
/// </summary>
internal sealed class CleanConnections(FetchOptions options) : HttpMessageHandler
{
    private HttpMessageInvoker _pool = Create(options);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var pool = Volatile.Read(ref _pool);
        var response = await pool.SendAsync(request, cancellationToken);
        // The old pool is not disposed: others may be reading from it. Its connections end when they are idle.
        if (response.StatusCode >= HttpStatusCode.BadRequest && request.Content is not null) Interlocked.CompareExchange(ref _pool, Create(options), pool);
        return response;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _pool.Dispose();
        base.Dispose(disposing);
    }

    private static HttpMessageInvoker Create(FetchOptions options) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = options.ConnectTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        MaxConnectionsPerServer = options.Files + options.Parts,
        // Endpoints of stores are the administrator's choice, not a task's.
        ConnectCallback = (context, ct) => new Connections(allowed: null).ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, ct),
    });
}
