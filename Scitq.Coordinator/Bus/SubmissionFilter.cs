using MassTransit;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Tasks.Saga;

namespace Scitq.Coordinator.Bus;

/// <summary>Before the saga: checks a submitted task and finds what it requires. After it: answers the submitter.</summary>
internal sealed class SubmissionFilter(RequirementResolver requirements, Submissions submissions) : IFilter<ConsumeContext<SubmitTask>>
{
    public async Task Send(ConsumeContext<SubmitTask> context, IPipe<ConsumeContext<SubmitTask>> next)
    {
        var submitted = context.Message;
        long? number = null;
        var problem = Submissions.Problem(context, submitted);
        if (problem is null)
        {
            try
            {
                var required = await requirements.ResolveAsync([submitted], context.CancellationToken);
                context.GetOrAddPayload(() => new Origin(context.Sender(), required[0]));
            }
            catch (RequirementException e)
            {
                problem = e.Message;
            }
        }

        if (problem is not null)
        {
            // It is handled: without this the transport takes it for a message that nobody knows.
            await context.NotifyConsumed(context.ReceiveContext.ElapsedTime, nameof(SubmissionFilter));
        }
        else
        {
            var place = context.GetOrAddPayload(() => new OutcomePlace());
            await next.Send(context);
            number = place.Outcome.Task?.Number;
        }

        await submissions.AnswerAsync(context, [new SubmittedTask { TaskId = submitted.TaskId, Problem = problem, Number = number }]);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("submission");
}
