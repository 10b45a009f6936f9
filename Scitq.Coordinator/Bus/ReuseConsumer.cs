using MassTransit;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Reuse;

namespace Scitq.Coordinator.Bus;

/// <summary>Answers workers that look for a result to take.</summary>
internal sealed class ReuseConsumer(ReuseFinder finder, ITopology topology) : IConsumer<FindReusable>
{
    public async Task Consume(ConsumeContext<FindReusable> context)
    {
        var answer = await finder.FindAsync(context.Message, context.CancellationToken);
        await context.AnswerWorkerAsync(topology, context.Message.Worker, answer);
    }
}
