using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Bus;

/// <summary>Grants and refuses leases.</summary>
internal sealed class ClaimsConsumer(GroupCommit tasks, WorkerService workers, ITopology topology) : IConsumer<ClaimTasks>
{
    public async Task Consume(ConsumeContext<ClaimTasks> context)
    {
        var claim = context.Message;
        var refusal = await workers.IsCurrentAsync(claim.Worker, claim.Epoch, context.CancellationToken) ? null : "the worker is not registered";
        var stimuli = new List<TaskStimulus>(claim.Items.Count);
        var claims = new (Claimed? Claim, int At)[claim.Items.Count];
        for (var i = 0; i < claims.Length && refusal is null; i++)
        {
            var item = claim.Items[i];
            // Published by another service straight to the batch's queue: the first claim makes the task.
            if (item.Spec is not null && TaskSpecRules.Problem(item.Spec) is null)
                stimuli.Add(TaskStimulus.For(item.TaskId, m => m.Submitted, new Submitted(item.Spec, [])));
            claims[i] = (new Claimed(claim.Worker, item.Attempt), stimuli.Count);
            stimuli.Add(TaskStimulus.For(item.TaskId, m => m.Claimed, claims[i].Claim!));
        }

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
                Reason = refusal ?? (task is null ? Unknown(item) : claims[i].Claim!.Refusal),
            };
        });
        await context.AnswerWorkerAsync(topology, claim.Worker, new ClaimsAnswered { Request = claim.Request, Items = [.. answers] });
    }

    private static string Unknown(TaskQueued item) =>
        item.Spec is null ? "no such task" : $"its spec is refused: {TaskSpecRules.Problem(item.Spec)}";
}
