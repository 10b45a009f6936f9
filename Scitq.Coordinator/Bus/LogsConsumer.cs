using MassTransit;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Logs;

namespace Scitq.Coordinator.Bus;

/// <summary>Stores output as it comes.</summary>
internal sealed class LogsConsumer(LogStore logs, ITopology topology) : IConsumer<OutputAppended>
{
    public async Task Consume(ConsumeContext<OutputAppended> context)
    {
        var (key, chunk) = (context.Message.Key, context.Message.Chunk);
        var length = await logs.AppendAsync(key.TaskId, key.Attempt, chunk, context.CancellationToken);
        await context.AnswerWorkerAsync(topology, context.Message.Worker, new OutputStored(key, chunk.Stream, length));
    }
}
