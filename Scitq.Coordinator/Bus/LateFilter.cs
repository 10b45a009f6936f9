using MassTransit;

namespace Scitq.Coordinator.Bus;

/// <summary>
/// A filter that is made with its first message: it needs services that need the bus, which is not there yet while its endpoints are configured.
/// </summary>
internal sealed class LateFilter<TContext>(Func<IFilter<TContext>> make) : IFilter<TContext>
    where TContext : class, PipeContext
{
    private readonly Lazy<IFilter<TContext>> _filter = new(make);

    public Task Send(TContext context, IPipe<TContext> next) => _filter.Value.Send(context, next);

    public void Probe(ProbeContext context) => context.CreateFilterScope("late");
}
