using System.Globalization;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Parts;
using Scitq.Contracts;
using Scitq.Contracts.Docker;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>Runs commands in containers of the worker's docker engine, each named after its lease.</summary>
/// <param name="engine">The worker's engine.</param>
/// <param name="restricted">Whether only the options of <see cref="DockerPolicy"/> are allowed here.</param>
/// <param name="place">The agent's work directory, which tells its containers from those of another agent of its name on the same engine.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class DockerRuntime(DockerEngine engine, bool restricted, string place, TimeProvider time, ILogger<DockerRuntime> logger) : IRuntime
{
    // An attempt's end does not wait for longer; the engine goes on, and is asked again.
    private static readonly TimeSpan DropPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(2);

    private readonly DockerImages _images = new(engine, time, logger);
    private readonly Repeats _waiting = new(time);
    private bool _withoutInit;

    /// <summary>Whether there may be containers of attempts that are no longer this worker's.</summary>
    public bool MayHaveStrangers { get; private set; } = true;

    public async Task<IRun> StartAsync(RunRequest request, Action<string> phase, CancellationToken ct)
    {
        var spec = request.Spec;
        var options = spec.DockerOptions;
        if ((options.Problem ?? (restricted ? DockerPolicy.RestrictedProblem(options) : null) ?? DockerCreateBody.WordProblem(request, options)) is { } problem)
            throw new StartException(FailureClass.Start, problem);
        try
        {
            if (options.Pull == "always") await _images.PullAsync(spec.Image!, options.Platform, phase, ct);
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

        ContainerInspectResponse? found = null;
        try
        {
            await UntilAnsweredAsync(async () => found = await engine.InspectAsync(DockerCreateBody.Name(request), ct), ct);
        }
        catch (DockerEngineException e) when (e.NotFound)
        {
            if (!File.Exists(StartMark(request))) return null;
            // Run again, the attempt would have run twice.
            var lost = new RunExit(null, Problem: "its container was removed by somebody else while no agent watched it; its exit code is lost.");
            return DockerRun.Over(engine, new ExitRecord(request.Key.Lease, File.GetLastWriteTimeUtc(StartMark(request)), lost), request, time, logger);
        }

        var (id, state) = (found!.ID, found.State!);
        if (state.Status == "created")
        {
            await UntilAnsweredAsync(() => engine.RemoveAsync(id, ct), ct);
            return null;
        }

        var started = DateTime.Parse(state.StartedAt, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal);
        return DockerRun.Watch(engine, id, request, started, null, time, logger);
    }

    /// <summary>The engine's version; null when there is no engine to be used.</summary>
    public async Task<string?> VersionAsync(CancellationToken ct)
    {
        if (engine.IsOpen) Log.Open(logger, engine.Address);
        try
        {
            return await engine.VersionAsync(ct);
        }
        catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e))
        {
            Log.NoEngine(logger, engine.Address, e.Message);
            return null;
        }
    }

    // As docker run: use the image that is there, pull it when the engine says it isn't.
    private async Task<string> CreateAsync(
        RunRequest request, DockerRunOptions options, Action<string> phase, CancellationToken ct, Action<CreateContainerParameters>? change = null)
    {
        for (var pulled = false; ; pulled = true)
        {
            try
            {
                var wantsUser = request.Spec is { Uid: null, Gid: not null } && options.User is null;
                var imageUser = wantsUser ? await engine.ImageUserAsync(request.Spec.Image!, ct) : null;
                var body = DockerCreateBody.Build(request, options, imageUser, init: !_withoutInit, place);
                change?.Invoke(body);
                return await engine.CreateContainerAsync(body, ct);
            }
            catch (DockerEngineException e) when (e.NotFound)
            {
                if (pulled || options.Pull == "never")
                    throw new StartException(FailureClass.Image, $"image {request.Spec.Image} can't be used here: {e.Message}", e);
                await _images.PullAsync(request.Spec.Image!, options.Platform, phase, ct);
            }
            catch (Exception e) when (DockerEngine.IsUnreachable(e) || e is OperationCanceledException)
            {
                // The engine may have made it without being able to say so.
                await DropAsync(DockerCreateBody.Name(request), CancellationToken.None);
                throw;
            }
        }
    }

    // Attached before it starts, so that nothing it prints is missed. Null: to be tried again without an init.
    private async Task<DockerRun?> StartAsync(string container, RunRequest request, DockerRunOptions options, CancellationToken ct)
    {
        MultiplexedStream? attached = null;
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
            var noInit = e is DockerEngineException && e.Message.Contains("docker-init", StringComparison.Ordinal);
            if (!noInit || _withoutInit || options.Init is not null) throw;
            Log.NoInit(logger, e.Message);
            _withoutInit = true;
            return null;
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

    // Before the engine answers nobody knows which containers run here: guessing "none" would run a command twice.
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
                if (_waiting.Says(e.Message)) Log.Waiting(logger, engine.Address, e.Message);
                await Task.WhenAny(Task.Delay(AskAgain, time, ct));
                // Given up, the cause is of more use than that it was given up.
                if (ct.IsCancellationRequested) throw;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Removing container {Container}: its attempt is no longer this worker's")]
        public static partial void Stranger(ILogger logger, string container);

        [LoggerMessage(2, LogLevel.Warning, "The docker engine has no init program (package tini): containers run without one. {Problem}")]
        public static partial void NoInit(ILogger logger, string problem);

        [LoggerMessage(3, LogLevel.Warning, "Container {Container} could not be removed, which is tried again: {Problem}")]
        public static partial void Left(ILogger logger, string container, string problem);

        [LoggerMessage(4, LogLevel.Warning, "Waiting for the docker engine at {Address}: {Problem}")]
        public static partial void Waiting(ILogger logger, string address, string problem);

        [LoggerMessage(5, LogLevel.Information, "There is no docker engine at {Address}, so tasks with an image can't run here: {Problem}")]
        public static partial void NoEngine(ILogger logger, string address, string problem);

        [LoggerMessage(6, LogLevel.Warning, "The docker engine at {Address} is used without TLS (DOCKER_TLS_VERIFY): who can reach it is root there")]
        public static partial void Open(ILogger logger, string address);
    }
}
