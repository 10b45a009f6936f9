using Scitq.Agent.Attempts;
using Scitq.Agent.Claims;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Workers;

/// <summary>The agent from its start until it is stopped: makes ready, registers, takes up what was, and takes new tasks.</summary>
internal sealed class AgentRun(
    AgentStart start, IEnumerable<IAgentPart> parts, Registration registration, Resumption resumption, BatchListener listener, ObservedTasks tasks)
{
    /// <summary>Runs until it is stopped; a part that ends before that ends all.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        await start.RunAsync(ct);
        List<Task> running = [tasks.Failure, .. parts.Select(p => p.RunAsync(ct))];
        await await Task.WhenAny([registration.First, .. running]);
        resumption.Begin(ct);
        await await Task.WhenAny([listener.RunAsync(ct), .. running]);
    }
}
