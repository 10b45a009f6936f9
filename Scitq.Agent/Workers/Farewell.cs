using Microsoft.Extensions.Logging;
using Scitq.Agent.Bus;
using Scitq.Agent.Parts;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <summary>Tells the coordinator that this worker leaves, so that nobody waits for it.</summary>
internal sealed partial class Farewell(IAgentBus bus, WorkerIdentity self, TimeProvider time, ILogger<Farewell> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public async Task SayAsync()
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            await bus.SendAsync(Queues.Workers, new WorkerLeft(self.Name, self.Epoch), durable: false, patience.Token);
        }
        catch (Exception e) when (e is SendException or OperationCanceledException)
        {
            // Then it is found out by its silence.
            Log.NotSaid(logger, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The coordinator could not be told that this agent leaves: {Problem}")]
        public static partial void NotSaid(ILogger logger, string problem);
    }
}
