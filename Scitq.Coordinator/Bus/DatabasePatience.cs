using MassTransit;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Bus;

/// <summary>
/// A message waits out a database that is away, or a full disk where output is kept, however long; only what is wrong with itself sends it to the
/// error queue.
/// </summary>
internal sealed partial class DatabasePatience(DatabaseOutage outage, LogStore logs, ILogger<DatabasePatience> logger) : IFilter<ConsumeContext>
{
    public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        while (true)
        {
            try
            {
                await next.Send(context);
                return;
            }
            catch (Exception e) when (logs.Note(e) || outage.IsAway(e))
            {
                await Task.Delay(1000, context.CancellationToken);
            }
            catch (Exception e) when (!context.CancellationToken.IsCancellationRequested)
            {
                Log.Failed(logger, context.ReceiveContext.InputAddress.Segments[^1], e);
                throw;
            }
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("databasePatience");

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A message on {Queue} could not be handled")]
        public static partial void Failed(ILogger logger, string queue, Exception exception);
    }
}
