using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>
/// The part of the Docker Engine API that running tasks needs, over its unix socket. Every call either answers, or throws
/// <see cref="DockerEngineException"/> (the engine said no) or one that <see cref="IsUnreachable"/> knows (it said nothing).
/// </summary>
internal sealed class DockerEngine : IDisposable
{
    private const string Api = "v1.41";
    private static readonly TimeSpan Ordinary = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Heavy = TimeSpan.FromMinutes(3);

    private readonly string socket;
    private readonly HttpClient http;

    public DockerEngine(string? host)
    {
        socket = host is null or "" ? "/var/run/docker.sock"
            : host.StartsWith("unix://", StringComparison.Ordinal) ? host["unix://".Length..]
            : throw new ArgumentException($"DOCKER_HOST is '{host}'; the agent uses an engine of its own machine, as in unix:///var/run/docker.sock.");
        http = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync, UseProxy = false, UseCookies = false })
        {
            BaseAddress = new Uri($"http://docker/{Api}/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public string Address => $"unix://{socket}";

    /// <summary>From <c>DOCKER_HOST</c>, as the docker program does.</summary>
    public static DockerEngine FromEnvironment() => new(Environment.GetEnvironmentVariable("DOCKER_HOST"));

    /// <summary>Whether the engine is gone, hangs or has just been restarted: ask again later.</summary>
    public static bool IsUnreachable(Exception e) => e is HttpRequestException or IOException or TimeoutException or SocketException;

    public async Task<JsonElement> GetAsync(string path, CancellationToken ct)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, null, Ordinary, ct);
        return await ReadJsonAsync(answer, ct);
    }

    public async Task<JsonElement> CreateContainerAsync(string name, string? platform, JsonObject body, CancellationToken ct)
    {
        var query = $"containers/create?name={Uri.EscapeDataString(name)}" + (platform is null ? "" : $"&platform={Uri.EscapeDataString(platform)}");
        using var answer = await SendAsync(HttpMethod.Post, query, JsonContent.Create(body), Heavy, ct);
        return await ReadJsonAsync(answer, ct);
    }

    public Task<JsonElement> InspectAsync(string container, CancellationToken ct) => GetAsync($"containers/{container}/json", ct);

    public Task StartAsync(string container, CancellationToken ct) => PostAsync($"containers/{container}/start", Heavy, ct);

    public Task UnpauseAsync(string container, CancellationToken ct) => PostAsync($"containers/{container}/unpause", Ordinary, ct);

    public Task KillAsync(string container, CancellationToken ct) => PostAsync($"containers/{container}/kill", Ordinary, ct);

    public Task StopAsync(string container, TimeSpan grace, CancellationToken ct) =>
        PostAsync($"containers/{container}/stop?t={(long)Math.Ceiling(grace.TotalSeconds)}", grace + Ordinary, ct);

    /// <summary>Removes it with its own volumes, running or not. That it is gone already is fine.</summary>
    public async Task RemoveAsync(string container, CancellationToken ct)
    {
        try
        {
            using var answer = await SendAsync(HttpMethod.Delete, $"containers/{container}?force=1&v=1", null, Heavy, ct);
        }
        catch (DockerEngineException e) when (e.NotFound)
        {
            // Somebody else was quicker; gone is what was wanted.
        }
    }

    /// <summary>Waits without limit for the container's end.</summary>
    public async Task<int> WaitAsync(string container, string condition, CancellationToken ct)
    {
        using var answer = await SendAsync(HttpMethod.Post, $"containers/{container}/wait?condition={condition}", null, Timeout.InfiniteTimeSpan, ct);
        var json = await ReadJsonAsync(answer, ct);
        return json.GetProperty("StatusCode").GetInt32();
    }

    /// <summary>Both streams of the container, multiplexed, from now on. Without <c>logs</c>: the engine must not replay any.</summary>
    public Task<HttpResponseMessage> AttachAsync(string container, CancellationToken ct) =>
        SendAsync(HttpMethod.Post, $"containers/{container}/attach?stream=1&stdout=1&stderr=1", null, Ordinary, ct);

    /// <summary>Both streams from the beginning of what the engine has kept.</summary>
    public Task<HttpResponseMessage> LogsAsync(string container, bool follow, CancellationToken ct) =>
        SendAsync(HttpMethod.Get, $"containers/{container}/logs?stdout=1&stderr=1&follow={(follow ? 1 : 0)}", null, Ordinary, ct);

    /// <summary>Starts a pull; the answer is its progress, one JSON a line.</summary>
    public Task<HttpResponseMessage> PullAsync(string name, string tag, string? platform, string? auth, CancellationToken ct)
    {
        var query = $"images/create?fromImage={Uri.EscapeDataString(name)}&tag={Uri.EscapeDataString(tag)}" + (platform is null ? "" : $"&platform={Uri.EscapeDataString(platform)}");
        return SendAsync(HttpMethod.Post, query, null, TimeSpan.FromMinutes(5), ct, auth);
    }

    public void Dispose() => http.Dispose();

    private async Task PostAsync(string path, TimeSpan limit, CancellationToken ct)
    {
        using var answer = await SendAsync(HttpMethod.Post, path, null, limit, ct);
    }

    // The limit is for the answer's beginning; a body that is a stream may take as long as the container lives.
    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body, TimeSpan limit, CancellationToken ct, string? auth = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        if (auth is not null) request.Headers.Add("X-Registry-Auth", auth);
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timer.CancelAfter(limit);
        try
        {
            var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timer.Token);
            if ((int)answer.StatusCode < 400) return answer;
            using (answer)
                throw new DockerEngineException(answer.StatusCode, ErrorText(await answer.Content.ReadAsStringAsync(timer.Token)));
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"the docker engine at {Address} did not answer within {limit.TotalSeconds:0} s.", e);
        }
    }

    private async Task<JsonElement> ReadJsonAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        try
        {
            return await answer.Content.ReadFromJsonAsync<JsonElement>(ct);
        }
        catch (JsonException e)
        {
            // An answer cut short by the engine's end.
            throw new IOException($"the docker engine at {Address} broke off its answer.", e);
        }
    }

    private static string ErrorText(string body)
    {
        try
        {
            if (JsonNode.Parse(body)?["message"] is JsonValue message) return message.ToString().Trim().ReplaceLineEndings(" ");
        }
        catch (JsonException)
        {
            // Not JSON: the text itself says what is wrong.
        }

        return body.Trim().ReplaceLineEndings(" ");
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), ct);
            return new NetworkStream(connection, ownsSocket: true);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
