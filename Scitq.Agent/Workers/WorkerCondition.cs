using Scitq.Agent.Attempts;
using Scitq.Agent.Disk;
using Scitq.Agent.Machine;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <summary>Says in a heartbeat how this worker is and what it does.</summary>
internal sealed class WorkerCondition(
    AttemptTable attempts, SettingsInForce settings, DiskRoom room, MachineUsage usage, ResourceNews resources, Orders orders)
{
    public WorkerHeartbeat Tell(WorkerHeartbeat heartbeat)
    {
        var (free, total) = room.Space;
        return heartbeat with
        {
            Suspended = [.. attempts.All.Where(a => a.Standstill.IsThere).Select(a => a.Key)],
            Running = attempts.All.Count(a => a.Stage == AttemptStage.Running),
            Hold = settings.Renew()?.Text,
            Load = HostFigures.Load(),
            MemoryAvailable = HostFigures.MemoryAvailable(),
            DiskFree = free,
            Stats = usage.Next(total),
            Resources = resources.For(heartbeat.Sequence),
            Done = orders.Done,
        };
    }
}
