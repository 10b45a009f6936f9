using Docker.DotNet.Models;
using Microsoft.Extensions.Logging;
using Scitq.Contracts;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>Pulls images: each once at a time, however many attempts want it.</summary>
internal sealed partial class DockerImages(DockerEngine engine, TimeProvider time, ILogger logger)
{
    private const int Tries = 5;

    // Parts of the messages of registries and engines that mean that asking again can't help.
    private static readonly string[] Final =
    [
        "manifest unknown", "not found", "pull access denied", "repository does not exist", "unauthorized", "authentication required", "denied",
        "no basic auth credentials", "incorrect username or password", "no matching manifest", "does not match the specified platform",
        "does not match the requested platform", "invalid reference", "unsupported media type", "no space left on device",
        "unknown operating system or architecture", "server gave HTTP response to HTTPS client", "x509:", "unknown blob",
    ];

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Image, string? Platform), Flight> _flights = [];

    /// <summary>Pulls it now, or joins the pull that is under way.</summary>
    /// <exception cref="StartException">Of class image: it can't be had.</exception>
    public async Task PullAsync(string image, string? platform, Action<string> phase, CancellationToken ct)
    {
        var asked = time.GetTimestamp();
        while (!await TryJoinAsync(image, platform, asked, phase, ct))
        {
        }
    }

    /// <summary>False when a pull that others had begun before has failed: to be asked anew.</summary>
    private async Task<bool> TryJoinAsync(string image, string? platform, long asked, Action<string> phase, CancellationToken ct)
    {
        Flight flight;
        lock (_gate)
        {
            // One that has failed is an answer to those who asked before.
            if (!_flights.TryGetValue((image, platform), out flight!) || flight.Pull.IsCompleted)
            {
                _flights[(image, platform)] = flight = new Flight(time.GetTimestamp());
                flight.Pull = Task.Run(() => TryPullAsync(image, platform, flight), CancellationToken.None);
            }

            flight.Listeners.Add(phase);
        }

        try
        {
            phase($"pulling {image}");
            await flight.Pull.WaitAsync(ct);
            return true;
        }
        catch (StartException) when (flight.Begun < asked)
        {
            return false;
        }
        finally
        {
            Leave(flight, (image, platform), phase);
        }
    }

    private void Leave(Flight flight, (string, string?) key, Action<string> phase)
    {
        lock (_gate)
        {
            flight.Listeners.Remove(phase);
            if (flight.Listeners.Count > 0) return;
            if (_flights.TryGetValue(key, out var current) && current == flight) _flights.Remove(key);
        }

        // Nobody waits any more. Those who do so later start a pull of their own; the engine keeps the layers it has.
        flight.Unwanted.Cancel();
        _ = flight.Pull.ContinueWith(static (t, f) => { _ = t.Exception; ((Flight)f!).Unwanted.Dispose(); }, flight, TaskScheduler.Default);
    }

    private async Task TryPullAsync(string image, string? platform, Flight flight)
    {
        var registry = RegistryCredentials.RegistryOf(image);
        var progress = new PullProgress(image, time, text => Tell(flight, text));
        for (var attempt = 1; ; attempt++)
        {
            string problem;
            try
            {
                await PullOnceAsync(image, platform, registry, progress, flight.Unwanted.Token);
                return;
            }
            catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e))
            {
                problem = e.Message;
            }

            var final = Final.Any(f => problem.Contains(f, StringComparison.OrdinalIgnoreCase));
            if (final || attempt == Tries)
            {
                var hint = problem.Contains("auth", StringComparison.OrdinalIgnoreCase) || problem.Contains("denied", StringComparison.OrdinalIgnoreCase)
                    ? " Is the name right, and has the worker's account done 'docker login' there?" : "";
                var tries = final ? "" : $" in {attempt} tries";
                throw new StartException(FailureClass.Image, $"image {image} could not be pulled from {registry}{tries}: {problem.TrimEnd('.')}.{hint}");
            }

            Log.PullAgain(logger, image, attempt, problem);
            Tell(flight, $"pulling {image} … try {attempt + 1} after: {problem}");
            await Task.Delay(TimeSpan.FromSeconds(Math.Pow(2, attempt) * (0.75 + Random.Shared.NextDouble() / 2)), time, flight.Unwanted.Token);
        }
    }

    private async Task PullOnceAsync(string image, string? platform, string registry, PullProgress progress, CancellationToken ct)
    {
        var (name, tag) = Split(image);
        var credentials = await RegistryCredentials.FindAsync(registry, time, ct);
        await engine.PullAsync(new ImagesCreateParameters { FromImage = name, Tag = tag, Platform = platform }, credentials, progress.Add, ct);
    }

    // Without a tag the engine would pull all there are.
    private static (string Name, string Tag) Split(string image)
    {
        var at = image.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0) return (image[..at], image[(at + 1)..]);
        var colon = image.LastIndexOf(':');
        return colon > image.LastIndexOf('/') ? (image[..colon], image[(colon + 1)..]) : (image, "latest");
    }

    private void Tell(Flight flight, string text)
    {
        Action<string>[] listeners;
        lock (_gate) listeners = [.. flight.Listeners];
        foreach (var listener in listeners) listener(text);
    }

    private sealed class Flight(long begun)
    {
        public long Begun => begun;

        public List<Action<string>> Listeners { get; } = [];

        public CancellationTokenSource Unwanted { get; } = new();

        public Task Pull { get; set; } = Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Pulling {Image} failed in try {Attempt} and will be tried again: {Problem}")]
        public static partial void PullAgain(ILogger logger, string image, int attempt, string problem);
    }
}
