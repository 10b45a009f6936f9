using Scitq.Agent.Bus;
using Scitq.Agent.Disk;
using Scitq.Agent.Journal;

namespace Scitq.Agent.Workers;

/// <summary>Closes what is open, once nothing of the agent runs any more.</summary>
internal sealed class AgentClosing(WorkDirectories directories, IAgentBus bus, AttemptJournal journal)
{
    public async Task RunAsync()
    {
        directories.RemoveSpare();
        await bus.DisposeAsync();
        await journal.DisposeAsync();
    }
}
