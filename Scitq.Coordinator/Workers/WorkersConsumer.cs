using MassTransit;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Bus;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Workers;

/// <summary>What agents say of themselves.</summary>
internal sealed class WorkersConsumer(WorkerService workers, DatabaseOutage outage, ITopology topology) : IConsumer<RegisterWorker>, IConsumer<WorkerHeartbeat>, IConsumer<WorkerLeft>,
    IConsumer<CoordinatorPulse>
{
    public async Task Consume(ConsumeContext<RegisterWorker> context)
    {
        var answer = await workers.RegisterAsync(context.Message, context.CancellationToken);
        await context.AnswerWorkerAsync(topology, context.Message.Worker, answer);
    }

    public async Task Consume(ConsumeContext<WorkerHeartbeat> context)
    {
        var answer = await workers.HeartbeatAsync(context.Message, context.CancellationToken);
        if (answer is not null) await context.AnswerWorkerAsync(topology, context.Message.Worker, answer);
    }

    public async Task Consume(ConsumeContext<CoordinatorPulse> context)
    {
        try
        {
            await workers.PulseAsync(context.CancellationToken);
        }
        catch (Exception e) when (outage.IsAway(e))
        {
            // The database is away. Another pulse will come, and this one would tell nothing when it is back.
        }
    }

    public Task Consume(ConsumeContext<WorkerLeft> context) => workers.LeaveAsync(context.Message, context.CancellationToken);
}
