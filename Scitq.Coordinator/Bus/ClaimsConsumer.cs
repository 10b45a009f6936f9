using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Bus;

/// <summary>Grants and refuses leases.</summary>
internal sealed class ClaimsConsumer(
    TaskInbox inbox, WorkerMemory workers, StoppedBatches stopped, HearingClock hearing, MessageHistory history, ITopology topology)
    : IConsumer<ClaimTasks>
{
    public async Task Consume(ConsumeContext<ClaimTasks> context)
    {
        var (claim, ct) = (context.Message, context.CancellationToken);
        var refusal = await workers.IsCurrentAsync(claim.Worker, claim.Epoch, ct) ? null : "the worker is not registered";
        var at = (await hearing.HeardAsync(ct)).Seconds;
        var held = await stopped.NamesAsync(ct);
        var stimuli = new List<TaskStimulus>(claim.Items.Count);
        var places = new int[claim.Items.Count];
        var problems = new string?[claim.Items.Count];
        for (var i = 0; i < places.Length; i++)
        {
            var item = claim.Items[i];
            // Published by another service straight to the batch's queue: the first claim makes the task, whoever claims it,
            // for a claim that is refused takes the message with it.
            if (item.Spec is not null && (problems[i] = context.Problem(item.Spec)) is null)
                stimuli.Add(TaskStimulus.For(item.TaskId, m => m.Submitted, new SubmitTask { TaskId = item.TaskId, Spec = item.Spec }));
            if (refusal is not null) continue;
            places[i] = stimuli.Count;
            var claimed = new Claimed(claim.Worker, item.Attempt, claim.Epoch, at)
            {
                Knows = claim.Knows, Batch = claim.Batch, Token = item.Token, Stopped = held,
            };
            stimuli.Add(TaskStimulus.For(item.TaskId, m => m.Claimed, claimed));
        }

        for (var i = 0; i < problems.Length; i++)
            if (problems[i] is { } problem) await history.RecordAsync(claim.Items[i].TaskId, HistoryKind.Refused, $"queued by the bus: {problem}", ct);

        var outcomes = await inbox.RaiseAsync(stimuli, ct);
        var answers = claim.Items.Select((item, i) => Answer(item, refusal is null ? outcomes[places[i]] : default, refusal, problems[i]));
        await context.AnswerWorkerAsync(topology, claim.Worker, new ClaimsAnswered { Request = claim.Request, Items = [.. answers] });
    }

    private static ClaimAnswer Answer(TaskQueued item, TaskOutcome outcome, string? refusal, string? problem)
    {
        var (task, answer) = outcome;
        if (answer.Lease is not null) return task!.Grant();
        return new ClaimAnswer
        {
            TaskId = item.TaskId,
            Attempt = item.Attempt,
            Number = task?.Number,
            Reason = refusal ?? (task is not null ? answer.Refusal : problem is not null ? $"its spec is refused: {problem}" : "no such task"),
        };
    }
}
