using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>Gives tasks another priority.</summary>
internal sealed class PrioritizeAction(TaskService tasks) : TaskAction
{
    public override string Name => "prioritize";

    public override string Summary =>
        "Give a task another priority: of the tasks of a batch that wait for a worker, those of the highest start first. Of an attempt under way it counts "
        + "for the next one.";

    public override string Done => "given a priority";

    public override string Hint => "A task that has ended can be relaunched.";

    public override string Takes => "all that no worker has yet";

    public override Type Arguments => typeof(PriorityArguments);

    public override TaskFilter Complete(TaskFilter filter) => With(filter, TaskState.Waiting, TaskState.Pending, TaskState.Paused);

    public override Task<IReadOnlyList<ActionOutcome>> LookAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        Look(page, state => !state.IsTerminal());

    public override async Task<IReadOnlyList<ActionOutcome>> DoAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct)
    {
        var priority = new PriorityGiven(((PriorityArguments)call.Arguments).Priority!.Value, Reason: call.Reason);
        return Outcomes(await tasks.GivePriorityAsync([.. page.Select(t => t.Id)], priority, call.By, ct));
    }
}
