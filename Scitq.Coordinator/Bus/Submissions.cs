using MassTransit;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Bus;

/// <summary>What is the same for a task submitted alone and for many: the check before, and the answer after.</summary>
internal sealed partial class Submissions(MessageHistory history, ITopology topology, ILogger<Submissions> logger)
{
    /// <summary>Why the task can't be queued; null when it can.</summary>
    public static string? Problem(ConsumeContext context, SubmitTask submitted) =>
        submitted.TaskId == Guid.Empty ? "taskId is missing." : context.Problem(submitted.Spec);

    /// <summary>Tells the log what was queued, the history what was refused, and the submitter both, if it gave an address.</summary>
    public async Task AnswerAsync(ConsumeContext context, IReadOnlyList<SubmittedTask> answers)
    {
        var numbers = answers.Where(a => a.Number is not null).Select(a => a.Number!.Value).ToList();
        if (numbers.Count == 1) Log.OneSubmitted(logger, context.Sender(), numbers[0]);
        else if (numbers.Count > 1) Log.Submitted(logger, context.Sender(), numbers.Count, numbers.Min());
        foreach (var refused in answers)
            if (refused.Problem is { } problem)
                await history.RecordAsync(refused.TaskId, HistoryKind.Refused, $"submitted by the bus: {problem}", context.CancellationToken);
        if (context.ReceiveContext.TryGetPayload<RabbitMqBasicConsumeContext>(out var delivery) && delivery.Properties.ReplyTo is { Length: > 0 } replyTo)
            await ReplyAsync(replyTo, delivery.Properties.CorrelationId, new TasksSubmitted { Tasks = answers }, context.CancellationToken);
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

        [LoggerMessage(2, LogLevel.Information, "{By}: submit task {Number}")]
        public static partial void OneSubmitted(ILogger logger, string by, long number);

        [LoggerMessage(3, LogLevel.Information, "{By}: submit {Count} tasks from {First}")]
        public static partial void Submitted(ILogger logger, string by, int count, long first);
    }
}
