using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Leases;

namespace Scitq.Coordinator.Bus;

/// <summary>
/// Sends a message to itself through the queue of the heartbeats. When it arrives, the coordinator runs, broker and consumer work, and all that
/// workers had said before has been read; nothing else proves all of that.
/// </summary>
internal sealed partial class Pulses(IBus bus, ITopology topology, LeaseRules rules, TimeProvider clock, ILogger<Pulses> logger) : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(rules.Pulse, clock);
        do
        {
            // While the broker is away, the pulses that don't come are what there is to know.
            if (topology.UpSince is null) continue;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            patience.CancelAfter(Patience);
            try
            {
                var endpoint = await bus.GetSendEndpoint(BusConfiguration.Address(Queues.Workers)).WaitAsync(patience.Token);
                await endpoint.Send(new CoordinatorPulse(), send => (send.Durable, send.TimeToLive) = (false, Life), patience.Token).WaitAsync(patience.Token);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                Log.NotSent(logger, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "No pulse could be sent: {Problem}")]
        public static partial void NotSent(ILogger logger, string problem);
    }
}
