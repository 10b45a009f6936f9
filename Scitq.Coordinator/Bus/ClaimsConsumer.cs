using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Bus;

/// <summary>Grants and refuses leases.</summary>
internal sealed class ClaimsConsumer(GroupCommit tasks, WorkerService workers, HearingClock hearing, Mishaps mishaps, ITopology topology) : IConsumer<ClaimTasks>
{
    public async Task Consume(ConsumeContext<ClaimTasks> context)
    {
        var claim = context.Message;
        var refusal = await workers.IsCurrentAsync(claim.Worker, claim.Epoch, context.CancellationToken) ? null : "the worker is not registered";
        var at = (await hearing.HeardAsync(context.CancellationToken)).Seconds;
        var stimuli = new List<TaskStimulus>(claim.Items.Count);
        var claims = new (Claimed? Claim, int At)[claim.Items.Count];
        var problems = new string?[claim.Items.Count];
        for (var i = 0; i < claims.Length; i++)
        {
            var item = claim.Items[i];
            // Published by another service straight to the batch's queue: the first claim makes the task, whoever claims it,
            // for a claim that is refused takes the message with it.
            if (item.Spec is not null && (problems[i] = context.Problem(item.Spec)) is null)
                stimuli.Add(TaskStimulus.For(item.TaskId, m => m.Submitted, new Submitted(item.Spec, [])));
            if (refusal is not null) continue;
            claims[i] = (new Claimed(claim.Worker, item.Attempt) { Epoch = claim.Epoch, At = at, Knows = claim.Knows }, stimuli.Count);
            stimuli.Add(TaskStimulus.For(item.TaskId, m => m.Claimed, claims[i].Claim!));
        }

        for (var i = 0; i < problems.Length; i++)
            if (problems[i] is { } problem) await mishaps.RecordAsync(claim.Items[i].TaskId, "refused", $"queued by the bus: {problem}", context.CancellationToken);

        var states = await tasks.RaiseAsync(stimuli, context.CancellationToken);
        var answers = claim.Items.Select((item, i) =>
        {
            var task = refusal is null ? states[claims[i].At] : null;
            var lease = task is null ? null : claims[i].Claim!.Lease;
            return new ClaimAnswer
            {
                TaskId = item.TaskId,
                Attempt = item.Attempt,
                Lease = lease,
                Number = task?.Number,
                Spec = lease is null ? null : task!.Spec,
                Reason = refusal ?? (task is null ? problems[i] is { } problem ? $"its spec is refused: {problem}" : "no such task" : claims[i].Claim!.Refusal),
            };
        });
        await context.AnswerWorkerAsync(topology, claim.Worker, new ClaimsAnswered { Request = claim.Request, Items = [.. answers] });
    }
}
