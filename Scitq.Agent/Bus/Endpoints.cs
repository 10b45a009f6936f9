using MassTransit;
using Scitq.Contracts.Messages;
using Scitq.Messaging;

namespace Scitq.Agent.Bus;

/// <summary>How both transports set up the agent's two endpoints.</summary>
internal static class Endpoints
{
    public static void ReceiveOrders(this IReceiveEndpointConfigurator endpoint, IInbox inbox)
    {
        endpoint.ConfigureConsumeTopology = false;
        endpoint.PublishFaults = false;
        endpoint.PrefetchCount = 32;
        foreach (var route in inbox.Routes) route.Receive(endpoint, inbox.ReceiveAsync);
    }

    public static void ReceiveTasks(this IReceiveEndpointConfigurator endpoint, IInbox inbox, int prefetch, Func<TaskQueued, CancellationToken, Task>? keep, CancellationToken connection)
    {
        endpoint.ConfigureConsumeTopology = false;
        endpoint.PublishFaults = false;
        endpoint.PrefetchCount = prefetch;
        endpoint.TakeUntypedAs<TaskQueued>();
        endpoint.UseFilter(new GiveBack());
        endpoint.Handler<TaskQueued>(async context =>
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(connection, context.CancellationToken);
            if (await inbox.ReceiveAsync(context.Message, either.Token)) return;
            if (keep is not null) await keep(context.Message, CancellationToken.None);
            else if (context.TryGetPayload<Verdict>(out var verdict)) verdict.GiveBack = true;
        });
    }

    private sealed class Verdict
    {
        public bool GiveBack { get; set; }
    }

    /// <summary>A message goes back to its queue only by this exception from a filter ahead of the handler; thrown inside, it would end in the error queue.</summary>
    private sealed class GiveBack : IFilter<ConsumeContext>
    {
        public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
        {
            var verdict = new Verdict();
            context.GetOrAddPayload(() => verdict);
            await next.Send(context);
            if (verdict.GiveBack) throw new OperationCanceledException("No room for this task: given back to the queue.");
        }

        public void Probe(ProbeContext context) => context.CreateFilterScope("giveBack");
    }
}
