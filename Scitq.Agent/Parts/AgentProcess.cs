using Scitq.Contracts.Messages;

namespace Scitq.Agent.Parts;

/// <summary>The process that the agent is in.</summary>
/// <param name="IsOwn">Whether there is nothing else in it, so that the agent may end it.</param>
internal sealed record AgentProcess(bool IsOwn)
{
    /// <summary>What the agent can be asked to do with itself.</summary>
    public IReadOnlyList<string> Abilities => IsOwn ? [WorkerAbilities.Drain, WorkerAbilities.Leave] : [WorkerAbilities.Drain];
}
