using System.Text.Json.Nodes;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>
/// Removes what containers have left as root, for an agent that is not root itself: in a container, with this machine's own
/// <c>rm</c>, so that it does not matter what the image holds. It sees the parent of the directory and nothing else that can be written.
/// </summary>
internal sealed class RootRemoval(DockerEngine engine)
{
    private const string Place = "/scitq-leftovers";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    // Those that rm and its libraries may be in.
    private static readonly string[] Programs = ["/bin", "/lib", "/lib64", "/usr"];

    /// <summary>Tries to; what is left tells whether it could.</summary>
    public async Task RemoveAsync(string directory, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            var images = await engine.GetAsync("images/json", patience.Token);
            if (!images.EnumerateArray().Any()) return;
            var image = images.EnumerateArray().MinBy(i => i.GetProperty("Size").GetInt64()).GetProperty("Id").GetString();
            var body = new JsonObject
            {
                ["Image"] = image,
                ["User"] = "0:0",
                ["Entrypoint"] = new JsonArray("/bin/rm", "-rf", "--one-file-system", "--", $"{Place}/{Path.GetFileName(directory)}"),
                ["HostConfig"] = new JsonObject
                {
                    ["AutoRemove"] = true,
                    ["NetworkMode"] = "none",
                    ["Binds"] = new JsonArray([.. Programs.Where(Directory.Exists).Select(p => (JsonNode)$"{p}:{p}:ro"), $"{Path.GetDirectoryName(directory)}:{Place}"]),
                },
            };
            var name = $"scitq-removal-{Guid.NewGuid():N}";
            await engine.CreateContainerAsync(name, platform: null, body, patience.Token);
            var over = engine.WaitAsync(name, "removed", patience.Token);
            await engine.StartAsync(name, patience.Token);
            await over;
        }
        catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e) || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            // Then it stays, and is tried again.
        }
    }
}
