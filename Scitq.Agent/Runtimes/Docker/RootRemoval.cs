using Docker.DotNet.Models;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>
/// Removes what containers have left as root, for an agent that is not root itself: in a container, with this machine's own
/// <c>rm</c>, so that it does not matter what the image holds. It sees the parent of the directory and nothing else that can be written.
/// </summary>
internal sealed class RootRemoval(DockerEngine engine, TimeProvider clock)
{
    private const string Place = "/scitq-leftovers";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    // Those that rm and its libraries may be in.
    private static readonly string[] Programs = ["/bin", "/lib", "/lib64", "/usr"];

    /// <summary>Tries to; what is left tells whether it could.</summary>
    public async Task RemoveAsync(string directory, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(Patience, clock);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            if ((await engine.ImagesAsync(patience.Token)).MinBy(i => i.Size) is not { } image) return;
            var id = await engine.CreateContainerAsync(Container(image.ID, directory), patience.Token);
            await engine.StartAsync(id, patience.Token);
            await engine.WaitAsync(id, patience.Token);
        }
        catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e) || (limit.IsCancellationRequested && !ct.IsCancellationRequested))
        {
            // Then it stays, and is tried again.
        }
    }

    private static CreateContainerParameters Container(string image, string directory) => new()
    {
        Name = $"scitq-removal-{Guid.NewGuid():N}",
        Image = image,
        User = "0:0",
        Entrypoint = ["/bin/rm", "-rf", "--one-file-system", "--", $"{Place}/{Path.GetFileName(directory)}"],
        HostConfig = new HostConfig
        {
            AutoRemove = true,
            NetworkMode = "none",
            Binds = [.. Programs.Where(Directory.Exists).Select(p => $"{p}:{p}:ro"), $"{Path.GetDirectoryName(directory)}:{Place}"],
        },
    };
}
