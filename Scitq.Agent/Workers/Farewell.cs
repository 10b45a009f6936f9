using Microsoft.Extensions.Logging;
using Scitq.Agent.Bus;
using Scitq.Agent.Parts;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <summary>Tells the coordinator that this worker leaves, so that nobody waits for it.</summary>
internal sealed partial class Farewell(IAgentBus bus, WorkerIdentity self, Registration registration, TimeProvider time, ILogger<Farewell> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Says it, so that it outlives the broker's restart; false when it may not have been heard.</summary>
    public async Task<bool> SayAsync()
    {
        if (registration.IsOver) return true;
        // An answer to a heartbeat that overtakes this would have the agent register anew.
        registration.IsOver = true;
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            await bus.SendAsync(Queues.Workers, new WorkerLeft(self.Name, self.Epoch), durable: true, patience.Token);
            return true;
        }
        catch (Exception e) when (e is SendException or OperationCanceledException)
        {
            // Then it is found out by its silence.
            Log.NotSaid(logger, e.Message);
            registration.IsOver = false;
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The coordinator could not be told that this agent leaves: {Problem}")]
        public static partial void NotSaid(ILogger logger, string problem);
    }
}
