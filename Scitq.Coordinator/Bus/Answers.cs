using MassTransit;

namespace Scitq.Coordinator.Bus;

internal static class Answers
{
    /// <summary>Answers an agent. Not persistent, and no failure when it is gone: what it still needs, it asks again.</summary>
    public static async Task AnswerWorkerAsync<T>(this ConsumeContext context, ITopology topology, string worker, T answer)
        where T : class
    {
        var endpoint = await context.GetSendEndpoint(topology.Worker(worker));
        await endpoint.Send(answer, send => send.Durable = false, context.CancellationToken);
    }
}
