namespace Scitq.Agent.Parts;

/// <summary>A part of the agent that runs as long as the agent does.</summary>
internal interface IAgentPart
{
    /// <summary>Runs until it is stopped: a part that returns or throws before has failed, and the agent ends with it.</summary>
    Task RunAsync(CancellationToken ct);
}
