using Microsoft.Extensions.Logging;
using Scitq.Agent.Parts;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Bus;

/// <summary>
/// Asks itself through the bus whether it still hears: a consumer can be deaf while its bus calls itself healthy. Then
/// all connections are made anew, as often as it takes; running tasks are not touched.
/// </summary>
internal sealed partial class Watchdog(IAgentBus bus, WorkerIdentity self, TimeProvider time, ILogger<Watchdog> logger) : IAgentPart, IMessageHandler<Ping>
{
    private const int Misses = 3;
    private const int UnhealthyRounds = 6;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(10);
    private long _sent;
    private long _heard;

    public Task HandleAsync(Ping message)
    {
        if (message.Epoch == self.Epoch) Interlocked.Exchange(ref _heard, message.Sequence);
        return Task.CompletedTask;
    }

    public async Task RunAsync(CancellationToken ct)
    {
        var (missed, unhealthy) = (0, 0);
        while (true)
        {
            var sent = false;
            try
            {
                await bus.SendAsync(Queues.Worker(self.Name), new Ping(self.Epoch, ++_sent), durable: false, ct);
                sent = true;
            }
            catch (SendException e)
            {
                // A broker that is away is no deaf consumer: all connections come back by themselves.
                Log.NotSent(logger, e.Message);
            }

            await Task.Delay(Round, time, ct);
            missed = sent && Interlocked.Read(ref _heard) < _sent ? missed + 1 : 0;
            unhealthy = bus.Healthy ? 0 : unhealthy + 1;
            if (missed < Misses && unhealthy < UnhealthyRounds) continue;
            Log.Deaf(logger);
            await bus.RebuildAsync(ct);
            (missed, unhealthy) = (0, 0);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "A ping could not be sent: {Problem}")]
        public static partial void NotSent(ILogger logger, string problem);

        [LoggerMessage(2, LogLevel.Warning, "The broker answers, but nothing it delivers arrives: connecting anew.")]
        public static partial void Deaf(ILogger logger);
    }
}
