using MassTransit;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Bus;

/// <summary>
/// A message waits out a database that is away, or a full disk where output is kept, however long; only what is wrong with itself sends it to the
/// error queue.
/// </summary>
internal sealed class DatabasePatience(ITaskStore store, GroupCommit tasks, LogStore logs) : IFilter<ConsumeContext>
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
            catch (Exception e) when (logs.Note(e) || tasks.Outage.Note(e) is not null || Transience.Holds(store, e))
            {
                await Task.Delay(1000, context.CancellationToken);
            }
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("databasePatience");
}
