using Scitq.Contracts;
using Scitq.Hosting;

namespace Scitq.Agent.Parts;

/// <summary>The process that the agent is in.</summary>
/// <param name="IsOwn">Whether there is nothing else in it, so that the agent may end it.</param>
/// <param name="Program">Its program, where that can be executed anew.</param>
internal sealed record AgentProcess(bool IsOwn, OwnProgram? Program = null)
{
    private volatile bool _restarts;

    /// <summary>What the agent can be asked to do.</summary>
    public IReadOnlyList<string> Knows =>
    [
        .. Abilities.All, Abilities.Drain, .. IsOwn ? [Abilities.Leave] : Array.Empty<string>(), .. Program is null ? [] : new[] { Abilities.Restart },
    ];

    /// <summary>Whether the program is to be executed anew once the agent has stopped, so that it need not drain.</summary>
    public bool Restarts
    {
        get => _restarts;
        set => _restarts = value;
    }
}
