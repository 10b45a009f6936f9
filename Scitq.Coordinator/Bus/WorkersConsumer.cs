using MassTransit;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Bus;

/// <summary>Takes the messages in which agents speak of themselves, and the pulses that come the same way.</summary>
internal sealed class WorkersConsumer(
    Registrations registrations, Departures departures, Heartbeats heartbeats, LostWorkers lost, DatabaseOutage outage, ITopology topology)
    : IConsumer<RegisterWorker>, IConsumer<WorkerHeartbeat>, IConsumer<WorkerLeft>, IConsumer<CoordinatorPulse>
{
    public async Task Consume(ConsumeContext<RegisterWorker> context)
    {
        var answer = await registrations.RegisterAsync(context.Message, context.CancellationToken);
        await context.AnswerWorkerAsync(topology, context.Message.Worker, answer);
    }

    public async Task Consume(ConsumeContext<WorkerHeartbeat> context)
    {
        var answer = await heartbeats.HeartbeatAsync(context.Message, context.CancellationToken);
        if (answer is not null) await context.AnswerWorkerAsync(topology, context.Message.Worker, answer);
    }

    public async Task Consume(ConsumeContext<CoordinatorPulse> context)
    {
        try
        {
            await lost.PulseAsync(context.CancellationToken);
        }
        catch (Exception e) when (outage.IsAway(e))
        {
            // Another pulse will come, and this one would tell nothing when the database is back.
        }
    }

    public Task Consume(ConsumeContext<WorkerLeft> context) => departures.LeaveAsync(context.Message, context.CancellationToken);
}
