using Scitq.Agent.Attempts;
using Scitq.Agent.Bus;

namespace Scitq.Agent.Workers;

/// <summary>Makes all ready that the agent's parts need before they run: attempts from before, directories, runtimes, and the worker's own queue.</summary>
internal sealed class AgentStart(HeldAttempts held, DirectoryOpening directories, RuntimeStart runtimes, IAgentBus bus, IInbox inbox)
{
    public async Task RunAsync(CancellationToken ct)
    {
        held.Load();
        directories.TryOpen();
        await runtimes.PrepareAsync(ct);
        await bus.StartAsync(inbox, ct);
    }
}
