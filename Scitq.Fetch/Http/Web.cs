using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Scitq.Contracts;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Http;

/// <summary>
/// HTTP as transfers need it: redirects counted and judged one by one, faults told apart, nothing buffered. Proxies come from the environment.
/// </summary>
internal sealed class Web : IDisposable
{
    private const int MostRedirects = 5;
    private readonly FetchOptions _options;
    private readonly HttpClient _client;

    public Web(FetchOptions options) => (_options, _client) = (options, new HttpClient(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = options.ConnectTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        MaxConnectionsPerServer = options.Files + options.Parts,
        // Another host than the request's is the proxy, which the administrator chose.
        ConnectCallback = (context, ct) =>
            new Connections(
            options.PublicAddressesOnly && context.DnsEndPoint.Host.Trim('[', ']') == context.InitialRequestMessage.RequestUri!.IdnHost.Trim('[', ']')
                ? options.IsPublic
                : null)
            .ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, ct),
    })
    {
        // Stalls are noticed per read, whatever a whole transfer takes.
        Timeout = Timeout.InfiniteTimeSpan,
        DefaultRequestHeaders =
        {
            // The file as it is: of one that is packed on the way, neither length nor place are known.
            AcceptEncoding = { new StringWithQualityHeaderValue("identity") },
            UserAgent = { new ProductInfoHeaderValue("scitq-fetch", typeof(Web).Assembly.GetName().Version?.ToString(2)) },
        },
    });

    public static Uri Address(DataUri uri) => Uri.TryCreate($"{uri.Scheme}://{uri.Path}", UriKind.Absolute, out var address) && address.Host.Length > 0
        ? address
        : throw new BadUriException($"{Redacted.Of(uri)} is malformed: it has no valid host, port or path.");

    /// <summary>Sends one request and follows redirects; the answer is a success or the fault it stands for.</summary>
    /// <param name="shown">The URI to name in messages.</param>
    /// <param name="address">Where to.</param>
    /// <param name="method">GET or HEAD.</param>
    /// <param name="prepare">Sets headers of each request on the way.</param>
    /// <param name="accept">Status codes, beside 2xx, that are no fault here.</param>
    /// <param name="ct">Stops it.</param>
    public async Task<HttpResponseMessage> SendAsync(
        DataUri shown, Uri address, HttpMethod method, Action<HttpRequestMessage>? prepare, Func<HttpStatusCode, bool>? accept, CancellationToken ct)
    {
        var credentials = address.UserInfo.Length == 0 ? null : Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(address.UserInfo)));
        var origin = address;
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(method, address) { Version = HttpVersion.Version11 };
            // Never to another host: a redirect is the server's word, the password is the user's.
            if (credentials is not null && address.Authority == origin.Authority)
                request.Headers.Authorization = new AuthenticationHeaderValue("Basic", credentials);
            prepare?.Invoke(request);
            var response = await SendAsync(shown, request, ct);
            if (response.IsSuccessStatusCode || accept?.Invoke(response.StatusCode) == true) return response;
            using (response)
            {
                if (!IsRedirect(response.StatusCode) || response.Headers.Location is not { } location)
                    throw Fault(shown, response);
                if (redirects == MostRedirects) throw new BadUriException($"{Redacted.Of(shown)}: more than {MostRedirects} redirects.");
                var next = new Uri(address, location);
                if (next.Scheme != Uri.UriSchemeHttps && (next.Scheme != Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps))
                    throw new AccessDeniedException(
                        $"{Redacted.Of(shown)}: the server redirects to {next.Scheme}://{next.Host}, which is less safe than {address.Scheme}:// and refused.");
                address = next;
            }
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> SendAsync(DataUri shown, HttpRequestMessage request, CancellationToken ct)
    {
        try
        {
            if (_options.PublicAddressesOnly && HttpClient.DefaultProxy.GetProxy(request.RequestUri!) is { } proxy && proxy != request.RequestUri)
                await Connections.RequireAsync(request.RequestUri!.IdnHost, _options.IsPublic, ct);
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        }
        catch (Exception e) when (e is HttpRequestException or AccessDeniedException)
        {
            throw Faults.OfConnection(e, Redacted.Of(shown), request.RequestUri!.Host);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new TransientException($"{request.RequestUri!.Host} did not accept the connection in time.", e);
        }
    }

    private static Exception Fault(DataUri shown, HttpResponseMessage response)
    {
        var answer = $"the server answered {(int)response.StatusCode} {response.ReasonPhrase}";
        var after = response.Headers.RetryAfter;
        return Faults.OfStatus((int)response.StatusCode, Redacted.Of(shown), answer, after?.Delta
            ?? (after?.Date is { } date && response.Headers.Date is { } now && date > now ? date - now : null));
    }

    private static bool IsRedirect(HttpStatusCode status) => status is HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther
        or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
}

/// <summary>Faults of the network by class.</summary>
internal static class Faults
{
    /// <summary>The fault of a transfer that an HTTP status stands for.</summary>
    public static Exception OfStatus(int status, string shown, string answer, TimeSpan? retryAfter = null) => status switch
    {
        404 or 410 => new DataNotFoundException($"{shown}: {answer}."),
        401 or 403 or 407 => new AccessDeniedException($"{shown}: {answer}. Check the credentials and their rights."),
        408 or 425 or 429 or (>= 500 and not (501 or 505)) => new TransientException($"{answer}.", null, retryAfter),
        _ => new BadUriException($"{shown}: {answer}."),
    };

    /// <summary>The fault of a transfer whose connection could not be made or used.</summary>
    public static Exception OfConnection(Exception fault, string shown, string host)
    {
        for (var e = fault; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case AccessDeniedException known:
                    return new AccessDeniedException($"{shown}: {known.Message}", fault);
                case AuthenticationException:
                    return new AccessDeniedException($"{shown}: no secure connection to {host}: {e.Message}", fault);
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData }:
                    return new DataNotFoundException($"{shown}: there is no host '{host}'.", fault);
            }
        }

        return new TransientException($"the connection to {host} failed ({fault.GetBaseException().Message}).", fault);
    }
}
