using MassTransit;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Bus;

/// <summary>Takes many tasks at once from the bus. Messages about one task go to the saga (<see cref="SagaRegistration"/>).</summary>
internal sealed class TasksConsumer(TaskService tasks, Submissions submissions) : IConsumer<SubmitTasks>
{
    public async Task Consume(ConsumeContext<SubmitTasks> context)
    {
        var submitted = context.Message.Tasks;
        var problems = submitted.Select(t => Submissions.Problem(context, t)).ToList();
        var good = submitted.Where((_, i) => problems[i] is null).ToList();
        var numbers = new Dictionary<Guid, long>();
        try
        {
            foreach (var task in await tasks.SubmitAsync(good, context.Sender(), context.CancellationToken)) numbers[task.CorrelationId] = task.Number;
        }
        catch (RequirementException e)
        {
            for (var i = 0; i < problems.Count; i++) problems[i] ??= e.Message;
        }

        await submissions.AnswerAsync(context, [.. submitted.Select((t, i) => new SubmittedTask
        {
            TaskId = t.TaskId,
            Problem = problems[i],
            Number = problems[i] is null && numbers.TryGetValue(t.TaskId, out var number) ? number : null,
        })]);
    }
}
