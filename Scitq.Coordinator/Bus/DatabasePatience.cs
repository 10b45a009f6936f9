using MassTransit;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Bus;

/// <summary>
/// A message waits until a database that is away is back, or a full disk where output is kept has room, however long that takes. Only a fault of the
/// message itself sends it to the error queue.
/// </summary>
internal sealed partial class DatabasePatience(DatabaseOutage outage, LogStore logs, TimeProvider clock, ILogger<DatabasePatience> logger)
    : IFilter<ConsumeContext>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

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
                await Task.Delay(Pause, clock, context.CancellationToken);
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
