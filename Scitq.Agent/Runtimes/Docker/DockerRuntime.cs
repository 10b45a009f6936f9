using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Parts;
using Scitq.Contracts;
using Scitq.Contracts.Docker;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>Runs commands in containers of the worker's docker engine, each named after its lease.</summary>
/// <param name="engine">The worker's engine.</param>
/// <param name="restricted">Whether only the options of <see cref="DockerPolicy"/> are allowed here.</param>
internal sealed partial class DockerRuntime(DockerEngine engine, bool restricted, TimeProvider time, ILogger<DockerRuntime> logger) : IRuntime
{
    private readonly DockerImages images = new(engine, time, logger);
    // An attempt's end does not wait for longer; the engine goes on, and is asked again.
    private static readonly TimeSpan DropPatience = TimeSpan.FromSeconds(20);
    private readonly Repeats _waiting = new(time);
    private bool withoutInit;

    public async Task<IRun> StartAsync(RunRequest request, Action<string> phase, CancellationToken ct)
    {
        var spec = request.Spec;
        var options = spec.DockerOptions;
        if ((options.Problem ?? (restricted ? DockerPolicy.RestrictedProblem(options) : null) ?? DockerCreateBody.WordProblem(spec, options)) is { } problem)
            throw new StartException(FailureClass.Start, problem);
        try
        {
            if (options.Pull == "always") await images.PullAsync(spec.Image!, options.Platform, phase, ct);
            while (true)
            {
                var container = await CreateAsync(request, options, phase, ct);
                if (await StartAsync(container, request, options, ct) is { } run) return run;
            }
        }
        catch (DockerEngineException e)
        {
            throw new StartException(FailureClass.Start, $"docker could not start it: {e.Message}", e);
        }
        catch (Exception e) when (DockerEngine.IsUnreachable(e))
        {
            throw new StartException(FailureClass.Start, $"the docker engine at {engine.Address} can't be used: {e.Message}", e);
        }
    }

    public async Task<IRun?> AdoptAsync(RunRequest request, CancellationToken ct)
    {
        if (ExitRecord.Find(request.Directory, request.Key.Lease) is { } record)
        {
            // It is known how it ended, whether or not the engine answers at the moment.
            await AbandonAsync(request, ct);
            return DockerRun.Over(engine, record, request, time, logger);
        }

        JsonElement found = default;
        try
        {
            await UntilAnsweredAsync(async () => found = await engine.InspectAsync(Name(request), ct), ct);
        }
        catch (DockerEngineException e) when (e.NotFound)
        {
            if (!File.Exists(StartMark(request))) return null;
            // Run again, the attempt would have run twice.
            var lost = new RunExit(null, Problem: "its container was removed by somebody else while no agent watched it; its exit code is lost.");
            return DockerRun.Over(engine, new ExitRecord(request.Key.Lease, File.GetLastWriteTimeUtc(StartMark(request)), lost), request, time, logger);
        }

        var (id, state) = (found.GetProperty("Id").GetString()!, found.GetProperty("State"));
        if (state.GetProperty("Status").GetString() == "created")
        {
            await UntilAnsweredAsync(() => engine.RemoveAsync(id, ct), ct);
            return null;
        }

        return DockerRun.Watch(engine, id, request, DockerRun.StartedAt(state), null, time, logger);
    }

    /// <summary>Whether there may be containers of attempts that are no longer this worker's.</summary>
    public bool MayHaveStrangers { get; private set; } = true;

    /// <summary>Removes a directory with root's rights.</summary>
    public Task RemoveAsRootAsync(string directory, CancellationToken ct) => new RootRemoval(engine).RemoveAsync(directory, ct);

    public async Task AbandonAsync(RunRequest request, CancellationToken ct)
    {
        // If the engine does not answer, whatever it has of the attempt is a stranger from now on.
        await DropAsync(Name(request), ct);
    }

    /// <summary>Removes what attempts left here that are no longer this worker's.</summary>
    /// <param name="worker">Its name.</param>
    /// <param name="leases">Those that are its own, asked for once it is known which containers there are.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="DockerEngineException">One can't be removed.</exception>
    public async Task RemoveStrangersAsync(string worker, Func<IReadOnlySet<Guid>> leases, CancellationToken ct)
    {
        MayHaveStrangers = false;
        try
        {
            await RemoveAllStrangersAsync(worker, leases, ct);
        }
        catch
        {
            MayHaveStrangers = true;
            throw;
        }
    }

    private async Task RemoveAllStrangersAsync(string worker, Func<IReadOnlySet<Guid>> leases, CancellationToken ct)
    {
        var filters = new JsonObject { ["label"] = new JsonArray($"{DockerCreateBody.WorkerLabel}={worker}") }.ToJsonString();
        var all = await engine.GetAsync($"containers/json?all=1&filters={Uri.EscapeDataString(filters)}", ct);
        var own = leases();
        DockerEngineException? refused = null;
        foreach (var container in all.EnumerateArray())
        {
            var labels = container.GetProperty("Labels");
            if (labels.TryGetProperty(DockerCreateBody.LeaseLabel, out var text) && Guid.TryParse(text.GetString(), out var lease) && own.Contains(lease)) continue;
            var id = container.GetProperty("Id").GetString()!;
            LogStranger(id);
            try
            {
                await engine.RemoveAsync(id, ct);
            }
            catch (DockerEngineException e)
            {
                // The others may go.
                refused ??= e;
            }
        }

        if (refused is not null) throw refused;
    }

    /// <summary>The engine's version; null when there is no engine to be used.</summary>
    public async Task<string?> VersionAsync(CancellationToken ct)
    {
        try
        {
            return (await engine.GetAsync("version", ct)).GetProperty("Version").GetString();
        }
        catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e))
        {
            return null;
        }
    }

    private static string Name(RunRequest request) => $"scitq-{request.Key.Lease}";

    // As docker run: use the image that is there, pull it when the engine says it isn't.
    private async Task<string> CreateAsync(RunRequest request, DockerRunOptions options, Action<string> phase, CancellationToken ct)
    {
        for (var pulled = false; ; pulled = true)
        {
            try
            {
                var imageUser = request.Spec is { Uid: null, Gid: not null } && options.User is null ? await ImageUserAsync(request.Spec.Image!, ct) : null;
                var body = DockerCreateBody.Build(request, options, imageUser, init: !withoutInit);
                return (await engine.CreateContainerAsync(Name(request), options.Platform, body, ct)).GetProperty("Id").GetString()!;
            }
            catch (DockerEngineException e) when (e.NotFound)
            {
                if (pulled || options.Pull == "never")
                    throw new StartException(FailureClass.Image, $"image {request.Spec.Image} can't be used here: {e.Message}", e);
                await images.PullAsync(request.Spec.Image!, options.Platform, phase, ct);
            }
            catch (Exception e) when (DockerEngine.IsUnreachable(e) || e is OperationCanceledException)
            {
                // The engine may have made it without being able to say so.
                await DropAsync(Name(request), CancellationToken.None);
                throw;
            }
        }
    }

    private async Task<string?> ImageUserAsync(string image, CancellationToken ct)
    {
        var json = await engine.GetAsync($"images/{Uri.EscapeDataString(image)}/json", ct);
        return json.TryGetProperty("Config", out var config) && config.TryGetProperty("User", out var user) ? user.GetString() : null;
    }

    // Attached before it starts, so that nothing it prints is missed. Null: to be tried again without an init.
    private async Task<DockerRun?> StartAsync(string container, RunRequest request, DockerRunOptions options, CancellationToken ct)
    {
        HttpResponseMessage? attached = null;
        try
        {
            attached = await engine.AttachAsync(container, ct);
            MarkStart(request);
            var started = time.GetUtcNow().UtcDateTime;
            await engine.StartAsync(container, ct);
            return DockerRun.Watch(engine, container, request, started, attached, time, logger);
        }
        catch (Exception e)
        {
            attached?.Dispose();
            if (await DropAsync(container, CancellationToken.None)) File.Delete(StartMark(request));
            if (e is not DockerEngineException || withoutInit || options.Init is not null || !e.Message.Contains("docker-init", StringComparison.Ordinal)) throw;
            LogNoInit(e.Message);
            withoutInit = true;
            return null;
        }
    }

    private async Task<bool> DropAsync(string container, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(DropPatience);
        try
        {
            await engine.RemoveAsync(container, patience.Token);
            return true;
        }
        catch (Exception e) when (e is DockerEngineException or OperationCanceledException || DockerEngine.IsUnreachable(e))
        {
            MayHaveStrangers = true;
            LogLeft(container, e.Message);
            return false;
        }
    }

    /// <summary>There from just before the start: a container that is no longer there has run.</summary>
    private static string StartMark(RunRequest request) => Path.Combine(request.Directory.Control, "container-started");

    private static void MarkStart(RunRequest request)
    {
        try
        {
            File.WriteAllText(StartMark(request), "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(FailureClass.Start, $"the worker's work directory can't be used: {e.Message}", e);
        }
    }

    // What runs here is not known before the engine says so: guessing "nothing" would run a command twice.
    private async Task UntilAnsweredAsync(Func<Task> ask, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                await ask();
                _waiting.Over();
                return;
            }
            catch (Exception e) when (DockerEngine.IsUnreachable(e))
            {
                if (_waiting.Says(e.Message)) LogWaiting(engine.Address, e.Message);
                await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(2), time, ct));
                // Given up, the cause is of more use than that it was given up.
                if (ct.IsCancellationRequested) throw;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Removing container {Container}: its attempt is no longer this worker's")]
    private partial void LogStranger(string container);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The docker engine has no init program (package tini): containers run without one. {Problem}")]
    private partial void LogNoInit(string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Container {Container} could not be removed, which is tried again: {Problem}")]
    private partial void LogLeft(string container, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for the docker engine at {Address}: {Problem}")]
    private partial void LogWaiting(string address, string problem);
}
