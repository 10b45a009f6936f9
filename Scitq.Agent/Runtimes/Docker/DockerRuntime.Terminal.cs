using System.Diagnostics;
using Docker.DotNet.Models;
using Scitq.Agent.Runtimes.Native;
using Scitq.Contracts;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>Containers at the terminal of this process.</summary>
internal sealed partial class DockerRuntime
{
    public async Task<int> AtTerminalAsync(RunRequest request, bool shell, Action<string> phase, CancellationToken ct)
    {
        var options = request.Spec.DockerOptions;
        if ((options.Problem ?? DockerCreateBody.WordProblem(request, options)) is { } problem) throw new StartException(FailureClass.Start, problem);
        var client = Client();
        try
        {
            if (options.Pull == "always") await _images.PullAsync(request.Spec.Image!, options.Platform, phase, ct);
            var container = await CreateAsync(request, options, phase, ct, body => ToTerminal(body, options.Init ?? false, shell));
            try
            {
                // The engine's own program knows how to hand over a terminal: raw input, its size, its signals.
                using var process = Process.Start(new ProcessStartInfo(client, ["start", "--attach", "--interactive", container]) { UseShellExecute = false })!;
                await process.WaitForExitAsync(ct);
                return process.ExitCode;
            }
            finally
            {
                await DropAsync(container, CancellationToken.None);
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

    private static string Client()
    {
        var path = Environment.GetEnvironmentVariable("PATH") is { Length: > 0 } given ? given : TaskEnvironment.DefaultPath;
        return path.Split(':').Select(directory => Path.Combine(directory, "docker")).FirstOrDefault(File.Exists)
            ?? throw new StartException(FailureClass.Start, "a container at a terminal needs the program docker (Debian: package docker.io or docker-cli).");
    }

    private static void ToTerminal(CreateContainerParameters body, bool init, bool shell)
    {
        body.AttachStdin = body.OpenStdin = body.StdinOnce = true;
        body.Tty = !Console.IsInputRedirected && !Console.IsOutputRedirected;
        body.HostConfig!.Init = init;
        if (!shell) return;
        body.Entrypoint = ["/bin/sh"];
        body.Cmd = null!;
    }
}
