using Microsoft.Extensions.Logging;
using Scitq.Agent.Bus;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Workers;

/// <summary>Keeps up the link to the coordinator: registers, and then sends a heartbeat every few seconds.</summary>
internal sealed partial class WorkerLink(
    Registration registration, HeartbeatSender heartbeats, HeartbeatSignal signal, AgentOptions options, TimeProvider time, ILogger<WorkerLink> logger)
    : IAgentPart
{
    private readonly Repeats _failing = new(time);

    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            try
            {
                if (registration.IsKnown) await heartbeats.SendAsync(ct);
                else await registration.SendAsync(ct);
                _failing.Over();
            }
            catch (SendException e)
            {
                if (_failing.Says(e.Message)) Log.SendFailed(logger, e.Message);
            }

            await signal.WaitAsync(options.Heartbeat, ct);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "The coordinator could not be told that this agent lives: {Problem}")]
        public static partial void SendFailed(ILogger logger, string problem);
    }
}
