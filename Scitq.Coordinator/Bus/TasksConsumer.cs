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

    public async Task Consume(ConsumeContext<CancelTask> context)
    {
        await tasks.CancelAsync(context.Message.TaskId, context.Message.Reason, By(context), context.CancellationToken);
        Log.Asked(logger, By(context), $"cancel task {context.Message.TaskId}");
    }

    public async Task Consume(ConsumeContext<RelaunchTask> context)
    {
        await tasks.RelaunchAsync(context.Message.TaskId, context.Message.Reason, By(context), context.CancellationToken);
        Log.Asked(logger, By(context), $"relaunch task {context.Message.TaskId}");
    }

    /// <summary>The broker takes a message with a user's name from that user alone.</summary>
    private static string By(ConsumeContext context) =>
        context.ReceiveContext.TryGetPayload<RabbitMqBasicConsumeContext>(out var delivery) && delivery.Properties.UserId is { Length: > 0 } user ? $"bus ({user})" : "bus";

    private async Task SubmitAsync(ConsumeContext context, IReadOnlyList<SubmitTask> submitted)
    {
        var problems = submitted.Select(t => t.TaskId == Guid.Empty ? "taskId is missing." : context.Problem(t.Spec)).ToList();
        var good = submitted.Where((_, i) => problems[i] is null).ToList();
        var numbers = new Dictionary<Guid, long>();
        try
        {
            foreach (var task in await tasks.SubmitAsync(good, By(context), context.CancellationToken)) numbers[task.CorrelationId] = task.Number;
            if (numbers.Count > 0) Log.Asked(logger, By(context), numbers.Count == 1 ? $"submit task {numbers.Values.First()}" : $"submit {numbers.Count} tasks from {numbers.Values.Min()}");
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

        [LoggerMessage(2, LogLevel.Information, "{By}: {What}")]
        public static partial void Asked(ILogger logger, string by, string what);
    }
}
