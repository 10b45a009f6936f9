namespace Scitq.Agent.Runtimes;

/// <summary>Removes what this agent's own rights don't reach.</summary>
internal interface IRootRemoval
{
    /// <summary>Removes a directory with more rights than the agent has, where it has fewer than root and there are any to be had.</summary>
    Task RemoveAsRootAsync(string directory, CancellationToken ct);
}
