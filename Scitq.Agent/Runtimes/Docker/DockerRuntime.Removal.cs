namespace Scitq.Agent.Runtimes.Docker;

internal sealed partial class DockerRuntime
{
    /// <summary>Removes a directory with root's rights.</summary>
    public Task RemoveAsRootAsync(string directory, CancellationToken ct) => new RootRemoval(engine, time).RemoveAsync(directory, ct);

    public async Task AbandonAsync(RunRequest request, CancellationToken ct)
    {
        // If the engine does not answer, whatever it has of the attempt is a stranger from now on.
        await DropAsync(DockerCreateBody.Name(request), ct);
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
        var all = await engine.ContainersAsync($"{DockerCreateBody.WorkerLabel}={worker}", ct);
        var own = leases();
        DockerEngineException? refused = null;
        foreach (var container in all)
        {
            // One of an older version of the agent says nothing of the work directory.
            if (container.Labels.TryGetValue(DockerCreateBody.DirectoryLabel, out var other) && other != place) continue;
            if (container.Labels.TryGetValue(DockerCreateBody.LeaseLabel, out var text) && Guid.TryParse(text, out var lease) && own.Contains(lease)) continue;
            Log.Stranger(logger, container.ID);
            try
            {
                await engine.RemoveAsync(container.ID, ct);
            }
            catch (DockerEngineException e)
            {
                // The others may go.
                refused ??= e;
            }
        }

        if (refused is not null) throw refused;
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
            Log.Left(logger, container, e.Message);
            return false;
        }
    }
}
