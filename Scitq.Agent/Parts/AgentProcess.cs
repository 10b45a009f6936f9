using Scitq.Contracts;

namespace Scitq.Agent.Parts;

/// <summary>The process that the agent is in.</summary>
/// <param name="IsOwn">Whether there is nothing else in it, so that the agent may end it.</param>
internal sealed record AgentProcess(bool IsOwn)
{
    /// <summary>What the agent can be asked to do.</summary>
    public IReadOnlyList<string> Knows => IsOwn ? [.. Abilities.All, Abilities.Drain, Abilities.Leave] : [.. Abilities.All, Abilities.Drain];
}
