using MassTransit;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Bus;

/// <summary>Before the saga: notes the account that asks for something about a task. After it: tells the log.</summary>
internal sealed partial class RequestFilter<T>(string verb, Func<T, Guid> task, ILogger<RequestFilter<T>> logger) : IFilter<ConsumeContext<T>>
    where T : class
{
    public async Task Send(ConsumeContext<T> context, IPipe<ConsumeContext<T>> next)
    {
        context.GetOrAddPayload(() => new Origin(context.Sender()));
        await next.Send(context);
        Log.Asked(logger, context.Sender(), verb, task(context.Message));
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("request");

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{By}: {Verb} task {Task}")]
        public static partial void Asked(ILogger logger, string by, string verb, Guid task);
    }
}
