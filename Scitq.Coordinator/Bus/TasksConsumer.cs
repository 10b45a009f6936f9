using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Bus;

/// <summary>Orders about tasks from the bus.</summary>
internal sealed partial class TasksConsumer(TaskService tasks, Mishaps mishaps, ITopology topology, ILogger<TasksConsumer> logger)
    : IConsumer<SubmitTask>, IConsumer<SubmitTasks>, IConsumer<CancelTask>, IConsumer<RelaunchTask>
{
    public Task Consume(ConsumeContext<SubmitTask> context) => SubmitAsync(context, [context.Message]);

    public Task Consume(ConsumeContext<SubmitTasks> context) => SubmitAsync(context, context.Message.Tasks);

    public Task Consume(ConsumeContext<CancelTask> context) => tasks.CancelAsync(context.Message.TaskId, context.Message.Reason, "bus", context.CancellationToken);

    public Task Consume(ConsumeContext<RelaunchTask> context) => tasks.RelaunchAsync(context.Message.TaskId, context.Message.Reason, "bus", context.CancellationToken);

    private async Task SubmitAsync(ConsumeContext context, IReadOnlyList<SubmitTask> submitted)
    {
        var problems = submitted.Select(t => t.TaskId == Guid.Empty ? "taskId is missing." : context.Problem(t.Spec)).ToList();
        var good = submitted.Where((_, i) => problems[i] is null).ToList();
        var numbers = new Dictionary<Guid, long>();
        try
        {
            foreach (var task in await tasks.SubmitAsync(good, "bus", context.CancellationToken)) numbers[task.CorrelationId] = task.Number;
        }
        catch (RequirementException e)
        {
            for (var i = 0; i < problems.Count; i++) problems[i] ??= e.Message;
        }

        for (var i = 0; i < submitted.Count; i++)
            if (problems[i] is { } problem) await mishaps.RecordAsync(submitted[i].TaskId, "refused", $"submitted by the bus: {problem}", context.CancellationToken);

        if (context.ReceiveContext.TryGetPayload<RabbitMqBasicConsumeContext>(out var delivery) && delivery.Properties.ReplyTo is { Length: > 0 } replyTo)
            await ReplyAsync(replyTo, delivery.Properties.CorrelationId, new TasksSubmitted
            {
                Tasks = [.. submitted.Select((t, i) => new SubmittedTask { TaskId = t.TaskId, Problem = problems[i], Number = numbers.TryGetValue(t.TaskId, out var number) ? number : null })],
            }, context.CancellationToken);
    }

    private async Task ReplyAsync(string replyTo, string? correlationId, TasksSubmitted answer, CancellationToken ct)
    {
        try
        {
            await topology.ReplyAsync(replyTo, correlationId, answer, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // The tasks are queued, which is what was asked; only their numbers do not reach the submitter.
            Log.NoReply(logger, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A submitter could not be answered: {Problem}")]
        public static partial void NoReply(ILogger logger, string problem);
    }
}
