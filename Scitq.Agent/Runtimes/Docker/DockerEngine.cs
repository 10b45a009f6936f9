using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>
/// The calls of the Docker Engine API that running tasks needs. Every call either answers within a limit, or throws
/// <see cref="DockerEngineException"/> (the engine refused) or an exception that <see cref="IsUnreachable"/> knows (the engine did not answer).
/// </summary>
internal sealed class DockerEngine(EngineAddress address, TimeProvider clock) : IDisposable
{
    // Of Docker 20.10. Engines that no longer speak it, as those from 29 on, are spoken to in the oldest version that they do.
    private static readonly System.Version Api = new(1, 41);
    private static readonly TimeSpan Ordinary = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Heavy = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan PullSilence = TimeSpan.FromMinutes(5);

    private DockerClient? _client;

    public string Address => address.Text;

    /// <inheritdoc cref="EngineAddress.IsOpen"/>
    public bool IsOpen => address.IsOpen;

    /// <summary>Whether the engine is gone, hangs or has just been restarted: ask again later.</summary>
    public static bool IsUnreachable(Exception e) => e is IOException or TimeoutException;

    public async Task<string> VersionAsync(CancellationToken ct) => (await AskAsync((c, t) => c.System.GetVersionAsync(t), Ordinary, ct)).Version;

    /// <summary>Makes a container, and gives its id.</summary>
    public async Task<string> CreateContainerAsync(CreateContainerParameters container, CancellationToken ct) =>
        (await AskAsync((c, t) => c.Containers.CreateContainerAsync(container, t), Heavy, ct)).ID;

    public async Task<State> StateAsync(string container, CancellationToken ct) => (await InspectAsync(container, ct)).State!;

    public Task<ContainerInspectResponse> InspectAsync(string container, CancellationToken ct) =>
        AskAsync((c, t) => c.Containers.InspectContainerAsync(container, t), Ordinary, ct);

    /// <summary>All containers with this label, running or not.</summary>
    public Task<IList<ContainerListResponse>> ContainersAsync(string label, CancellationToken ct)
    {
        var labels = new Dictionary<string, bool> { [label] = true };
        var filters = new Dictionary<string, IDictionary<string, bool>> { ["label"] = labels };
        return AskAsync((c, t) => c.Containers.ListContainersAsync(new ContainersListParameters { All = true, Filters = filters }, t), Ordinary, ct);
    }

    public Task StartAsync(string container, CancellationToken ct) => AskAsync((c, t) => c.Containers.StartContainerAsync(container, null, t), Heavy, ct);

    public Task PauseAsync(string container, CancellationToken ct) => AskAsync((c, t) => c.Containers.PauseContainerAsync(container, t), Ordinary, ct);

    public Task UnpauseAsync(string container, CancellationToken ct) => AskAsync((c, t) => c.Containers.UnpauseContainerAsync(container, t), Ordinary, ct);

    public Task KillAsync(string container, CancellationToken ct) =>
        AskAsync((c, t) => c.Containers.KillContainerAsync(container, new ContainerKillParameters(), t), Ordinary, ct);

    public Task SignalAsync(string container, int signal, CancellationToken ct)
    {
        var parameters = new ContainerKillParameters { Signal = signal.ToString(CultureInfo.InvariantCulture) };
        return AskAsync((c, t) => c.Containers.KillContainerAsync(container, parameters, t), Ordinary, ct);
    }

    public Task StopAsync(string container, TimeSpan grace, CancellationToken ct)
    {
        var parameters = new ContainerStopParameters { WaitBeforeKillSeconds = (uint)Math.Ceiling(grace.TotalSeconds) };
        return AskAsync((c, t) => c.Containers.StopContainerAsync(container, parameters, t), grace + Ordinary, ct);
    }

    /// <summary>Removes a container with its own volumes, running or not. One that is gone already is no failure.</summary>
    public async Task RemoveAsync(string container, CancellationToken ct)
    {
        try
        {
            var parameters = new ContainerRemoveParameters { Force = true, RemoveVolumes = true };
            await AskAsync((c, t) => c.Containers.RemoveContainerAsync(container, parameters, t), Heavy, ct);
        }
        catch (DockerEngineException e) when (e.NotFound)
        {
            // Somebody else was quicker; gone is what was wanted.
        }
    }

    /// <summary>Waits without limit until the container does not run.</summary>
    public Task WaitAsync(string container, CancellationToken ct) =>
        AskAsync((c, t) => c.Containers.WaitContainerAsync(container, t), Timeout.InfiniteTimeSpan, ct);

    /// <summary>Both streams of the container, from now on. Without <c>Logs</c>: the engine must not replay any.</summary>
    public Task<MultiplexedStream> AttachAsync(string container, CancellationToken ct)
    {
        var parameters = new ContainerAttachParameters { Stream = true, Stdout = true, Stderr = true };
        return AskAsync((c, t) => c.Containers.AttachContainerAsync(container, parameters, t), Ordinary, ct);
    }

    /// <summary>Both streams from the beginning of what the engine has kept.</summary>
    public Task<MultiplexedStream> LogsAsync(string container, bool follow, CancellationToken ct)
    {
        var parameters = new ContainerLogsParameters { ShowStdout = true, ShowStderr = true, Follow = follow };
        return AskAsync((c, t) => c.Containers.GetContainerLogsAsync(container, parameters, t), Ordinary, ct);
    }

    /// <summary>The memory and processor time that the container uses at the moment.</summary>
    public async Task<ContainerStatsResponse?> StatsAsync(string container, CancellationToken ct)
    {
        ContainerStatsResponse? stats = null;
        var parameters = new ContainerStatsParameters { Stream = false, OneShot = true };
        var listener = new Listener<ContainerStatsResponse>(s => stats = s);
        await AskAsync((c, t) => c.Containers.GetContainerStatsAsync(container, parameters, listener, t), Ordinary, ct);
        return stats;
    }

    /// <summary>The images of this machine.</summary>
    public Task<IList<ImagesListResponse>> ImagesAsync(CancellationToken ct) =>
        AskAsync((c, t) => c.Images.ListImagesAsync(new ImagesListParameters(), t), Ordinary, ct);

    /// <summary>The user whom an image names.</summary>
    public async Task<string?> ImageUserAsync(string image, CancellationToken ct) =>
        (await AskAsync((c, t) => c.Images.InspectImageAsync(Uri.EscapeDataString(image), t), Ordinary, ct)).Config?.User;

    /// <summary>Pulls an image to its end, which may take long; only silence is limited.</summary>
    public async Task PullAsync(ImagesCreateParameters image, AuthConfig? credentials, Action<JSONMessage> progress, CancellationToken ct)
    {
        string? refusal = null;
        using var silence = new CancellationTokenSource(PullSilence, clock);
        var listener = new Listener<JSONMessage>(message =>
        {
            silence.CancelAfter(PullSilence);
            if (message.Error is { } error) refusal ??= error.Message ?? "it gives no reason";
            else progress(message);
        });
        var pull = Result((c, t) => c.Images.CreateImageAsync(image, credentials, listener, t));
        await AskAsync(pull, silence, $"made no progress for {PullSilence.TotalMinutes:0} minutes", ct);
        if (refusal is not null) throw new DockerEngineException(HttpStatusCode.InternalServerError, OneLine(refusal));
    }

    public void Dispose() => _client?.Dispose();

    private Task AskAsync(Func<DockerClient, CancellationToken, Task> ask, TimeSpan limit, CancellationToken ct) => AskAsync(Result(ask), limit, ct);

    private async Task<T> AskAsync<T>(Func<DockerClient, CancellationToken, Task<T>> ask, TimeSpan limit, CancellationToken ct)
    {
        using var timer = new CancellationTokenSource(limit, clock);
        return await AskAsync(ask, timer, $"did not answer within {limit.TotalSeconds:0} s", ct);
    }

    private async Task<T> AskAsync<T>(Func<DockerClient, CancellationToken, Task<T>> ask, CancellationTokenSource timer, string silence, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        for (var negotiated = false; ; negotiated = true)
        {
            var client = _client;
            try
            {
                client ??= await NegotiateAsync(either.Token);
                // The library reads the text of an error without a limit. Of a stream only the beginning is limited.
                return await ask(client, either.Token).WaitAsync(either.Token);
            }
            catch (DockerApiException e) when (!negotiated && IsOfOtherVersion(e))
            {
                // The engine is a newer one now. Calls to the one before may still be under way, so its client is left to them.
                Interlocked.CompareExchange(ref _client, null, client);
            }
            catch (DockerApiException e)
            {
                throw new DockerEngineException(e.StatusCode, ErrorText(e.ResponseBody ?? ""));
            }
            catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
            {
                throw new TimeoutException($"the docker engine at {Address} {silence}.", e);
            }
            catch (JsonException e)
            {
                throw new IOException($"the docker engine at {Address} broke off its answer.", e);
            }
            catch (HttpRequestException e)
            {
                // .NET's name for a socket whose file is not there would be that an address can't be assigned.
                var cause = e.GetBaseException();
                var isAbsent = cause is SocketException { SocketErrorCode: SocketError.AddressNotAvailable };
                throw new IOException(isAbsent ? "there is no such socket" : cause.Message, e);
            }
        }
    }

    private async Task<DockerClient> NegotiateAsync(CancellationToken ct)
    {
        using var any = address.Connect(version: null);
        var engine = await any.System.GetVersionAsync(ct);
        var client = address.Connect(System.Version.TryParse(engine.MinAPIVersion, out var oldest) && oldest > Api ? oldest : Api);
        if (Interlocked.CompareExchange(ref _client, client, null) is not { } other) return client;
        client.Dispose();
        return other;
    }

    private static Func<DockerClient, CancellationToken, Task<bool>> Result(Func<DockerClient, CancellationToken, Task> ask) => async (client, ct) =>
    {
        await ask(client, ct);
        return true;
    };

    private static bool IsOfOtherVersion(DockerApiException e) =>
        e.StatusCode == HttpStatusCode.BadRequest && e.ResponseBody?.Contains("client version", StringComparison.Ordinal) == true;

    private static string ErrorText(string body)
    {
        try
        {
            if (JsonNode.Parse(body)?["message"] is JsonValue message) return OneLine(message.ToString());
        }
        catch (JsonException)
        {
            // Not JSON: the text itself says what is wrong.
        }

        return OneLine(body);
    }

    private static string OneLine(string text) => text.Trim().ReplaceLineEndings(" ");

    /// <summary>Unlike <see cref="Progress{T}"/> it hears everything in order, and before the call returns.</summary>
    private sealed class Listener<T>(Action<T> hear) : IProgress<T>
    {
        public void Report(T value) => hear(value);
    }
}
