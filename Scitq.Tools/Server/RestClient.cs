using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;

namespace Scitq.Tools.Server;

/// <summary>Calls of the REST API, tried again while the server is away; every error becomes a <see cref="ToolException"/>.</summary>
internal sealed class RestClient : IDisposable
{
    private static readonly string[] ProxyVariables = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

    private readonly Lazy<HttpClient> _http;
    private readonly QuickPost? _quick;
    private readonly ToolIo _io;
    private readonly string _program;
    private readonly bool _verbose;
    private readonly Func<string?> _found;
    private string? _token;
    private string? _said;

    /// <summary>A client of one server.</summary>
    /// <param name="server">Where it is.</param>
    /// <param name="token">What opens it; null where none is known.</param>
    /// <param name="found">Looks again for a token that was not there, with each new try: a server that is away has not told of it yet.</param>
    /// <param name="io">What the tool reads and writes.</param>
    /// <param name="program">The tool's name.</param>
    /// <param name="verbose">Whether to show what is said to the server.</param>
    public RestClient(ServerAddress server, string? token, Func<string?> found, ToolIo io, string program, bool verbose)
    {
        (Server, _token, _found, _io, _program, _verbose) = (server, token, found, io, program, verbose);

        // Looking for a proxy costs time that a loop of launches would pay each time.
        var proxy = !server.Uri.IsLoopback && ProxyVariables.Any(v => !string.IsNullOrEmpty(io.Variable(v)));
        var root = new Uri(server.Uri, "api/v1/");
        _quick = proxy || verbose ? null : new QuickPost(root, token);
        _http = new Lazy<HttpClient>(() => Client(root, proxy));
    }

    public ServerAddress Server { get; }

    /// <summary>Reads JSON.</summary>
    public async Task<JsonDocument> GetAsync(string path, Patience patience, CancellationToken cancel)
    {
        using var response = await SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, path), true, HttpCompletionOption.ResponseContentRead, patience, cancel);
        return await ReadAsync(response, cancel);
    }

    /// <summary>Reads JSON, and the headers with it.</summary>
    public async Task<(JsonDocument Json, HttpResponseHeaders Headers)> GetPageAsync(string path, Patience patience, CancellationToken cancel)
    {
        using var response = await SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, path), true, HttpCompletionOption.ResponseContentRead, patience, cancel);
        return (await ReadAsync(response, cancel), response.Headers);
    }

    /// <summary>Sends JSON; with <paramref name="key"/> (what makes it idempotent) it is sent again when its answer is lost.</summary>
    public async Task<JsonDocument> PostAsync(string path, ReadOnlyMemory<byte> json, Guid? key, Patience patience, CancellationToken cancel)
    {
        var start = _io.Clock.GetTimestamp();
        if (key is { } repeatable && _quick?.TryPost(path, json, repeatable, patience.OneAnswer) is { } quick) return quick;
        patience = patience with { Total = patience.Total - _io.Clock.GetElapsedTime(start) };
        using var response = await SendAsync(Request, key is not null, HttpCompletionOption.ResponseContentRead, patience, cancel);
        return await ReadAsync(response, cancel);

        HttpRequestMessage Request()
        {
            var request = WithJson(HttpMethod.Post, path, json);
            if (key is { } id) request.Headers.Add("Idempotency-Key", id.ToString());
            return request;
        }
    }

    /// <summary>Changes something to what the JSON says: sent twice, it is the same.</summary>
    public async Task<JsonDocument> PatchAsync(string path, ReadOnlyMemory<byte> json, Patience patience, CancellationToken cancel)
    {
        using var response = await SendAsync(() => WithJson(HttpMethod.Patch, path, json), true, HttpCompletionOption.ResponseContentRead, patience, cancel);
        return await ReadAsync(response, cancel);
    }

    /// <summary>Sends until there is an answer below 500 (or a final 5xx), and gives it when it is a success.</summary>
    public async Task<HttpResponseMessage> SendAsync(
        Func<HttpRequestMessage> make, bool repeatable, HttpCompletionOption completion, Patience patience, CancellationToken cancel)
    {
        var start = _io.Clock.GetTimestamp();
        var refused = false;
        for (var attempt = 1; ; attempt++)
        {
            var left = patience.Total - _io.Clock.GetElapsedTime(start);
            var (response, trouble) = await TryAsync(make, repeatable, completion, Shorter(patience.OneAnswer, left), cancel);
            if (response is not null)
            {
                if (response.IsSuccessStatusCode) return response;
                using (response)
                {
                    // It listens a moment before it tells its own account's tools of its token.
                    var early = response.StatusCode == HttpStatusCode.Unauthorized && _token is null && attempt > 1 && attempt < patience.Tries;
                    if (!early || refused) throw await Problems.ReadAsync(response, Server, cancel);
                    (refused, trouble) = (true, "wants a token");
                }
            }

            var pause = Patience.Pause(attempt + 1);
            left = patience.Total - _io.Clock.GetElapsedTime(start);
            if (attempt >= patience.Tries || left <= pause)
            {
                throw new ToolException(
                    ExitCodes.Unreachable, "unreachable", $"server {Server.Shown} {trouble}; gave up after {attempt} {(attempt == 1 ? "try" : "tries")}",
                    "Is it the right address (-s, SCITQ_SERVER)? See: scitq-manage server status");
            }

            if (_said != trouble)
            {
                _io.WatchInterrupts();
                _io.Error.WriteLine($"{_program}: server {Server.Shown} {Display.Clean(trouble!)}; trying "
                    + $"again{(patience.Tries == int.MaxValue ? $" for up to {Math.Ceiling(left.TotalSeconds):0} s" : "")}");
                _said = trouble;
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _io.Interrupted);
            await Task.Delay(pause, _io.Clock, either.Token);
            _token ??= _found();
        }
    }

    public void Dispose()
    {
        if (_http.IsValueCreated) _http.Value.Dispose();
    }

    private static HttpRequestMessage WithJson(HttpMethod method, string path, ReadOnlyMemory<byte> json)
    {
        var request = new HttpRequestMessage(method, path) { Content = new ReadOnlyMemoryContent(json) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return request;
    }

    private static HttpClient Client(Uri root, bool proxy) =>
        new(new SocketsHttpHandler { UseProxy = proxy, UseCookies = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10) })
        {
            BaseAddress = root,
            Timeout = Timeout.InfiniteTimeSpan,
        };

    private async Task<(HttpResponseMessage? Response, string? Trouble)> TryAsync(
        Func<HttpRequestMessage> make, bool repeatable, HttpCompletionOption completion, TimeSpan wait, CancellationToken cancel)
    {
        using var request = make();
        if (_token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        if (_verbose) _io.Error.WriteLine($"> {request.Method} {new Uri(_http.Value.BaseAddress!, request.RequestUri!)}");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, _io.Interrupted);
        limit.CancelAfter(Shorter(TimeSpan.FromHours(1), wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1)));
        try
        {
            var response = await _http.Value.SendAsync(request, completion, limit.Token);
            if (_verbose) _io.Error.WriteLine($"< {(int)response.StatusCode} {response.ReasonPhrase}");
            if (response.StatusCode is not (HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout))
                return (response, null);
            using (response) return (null, $"is not ready (HTTP {(int)response.StatusCode}{await Problems.DetailAsync(response, limit.Token)})");
        }
        catch (HttpRequestException e)
        {
            var trouble = Describe(e);
            if (_verbose) _io.Error.WriteLine($"< {e.Message}");
            var neverSent = e.HttpRequestError
                is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;
            if (e.HttpRequestError is HttpRequestError.SecureConnectionError)
                throw new ToolException(
                    ExitCodes.Unreachable, "unreachable", $"server {Server.Shown} {trouble}", "Is its certificate known here (SSL_CERT_FILE)?", e);
            return repeatable || neverSent ? (null, trouble) : throw Doubtful(trouble, e);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested && !_io.Interrupted.IsCancellationRequested)
        {
            var trouble = $"gave no answer within {wait.TotalSeconds:0.#} s";
            return repeatable ? (null, trouble) : throw Doubtful(trouble, e);
        }
    }

    private ToolException Doubtful(string trouble, Exception inner) =>
        new(ExitCodes.Unreachable, "unreachable", $"server {Server.Shown} {trouble}; it may have done what was asked",
            "Look before you ask again: scitq-manage task list", inner);

    private static string Describe(HttpRequestException e) => e.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => "has a name that cannot be resolved",
        HttpRequestError.SecureConnectionError => $"cannot be reached securely ({e.InnerException?.Message ?? e.Message})",
        HttpRequestError.ConnectionError => $"cannot be reached ({(e.InnerException as SocketException)?.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "connection refused",
            SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no route to it",
            SocketError.TimedOut => "connecting timed out",
            _ => e.InnerException?.Message ?? e.Message,
        }})",
        _ => "broke the connection before it answered",
    };

    private async Task<JsonDocument> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            return await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancel), cancellationToken: cancel);
        }
        catch (JsonException e)
        {
            throw new ToolException(
                ExitCodes.Unreachable, "no_scitq", $"what answers at {Server.Shown} is no scitq server (its answer is not JSON)",
                "Is it the right address (-s, SCITQ_SERVER)?", e);
        }
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
