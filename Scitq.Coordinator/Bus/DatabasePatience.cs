using MassTransit;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Bus;

/// <summary>A message waits out a database that is away, however long; only what is wrong with itself sends it to the error queue.</summary>
internal sealed class DatabasePatience(ITaskStore store) : IFilter<ConsumeContext>
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
            catch (Exception e) when (Transience.Holds(store, e))
            {
                await Task.Delay(1000, context.CancellationToken);
            }
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("databasePatience");
}
