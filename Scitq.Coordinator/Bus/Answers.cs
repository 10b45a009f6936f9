using MassTransit;

namespace Scitq.Coordinator.Bus;

internal static class Answers
{
    /// <summary>Answers an agent. The answer is not persistent, and an agent that is gone is no failure: one that needs an answer asks again.</summary>
    public static async Task AnswerWorkerAsync<T>(this ConsumeContext context, ITopology topology, string worker, T answer)
        where T : class
    {
        var endpoint = await context.GetSendEndpoint(topology.Worker(worker));
        await endpoint.Send(answer, send => send.Durable = false, context.CancellationToken);
    }
}
