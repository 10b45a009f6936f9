using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>Changes tasks that are there.</summary>
internal sealed class UpdateAction(TaskUpdates updates) : TaskAction
{
    public override string Name => "update";

    public override string Summary =>
        "Change a task: at once when no worker has it; one that a worker has is given back, or stopped if that is asked for; of one that has ended the next "
        + "relaunch.";

    public override string Done => "updated";

    public override string Hint => "See: scitq-manage task update --help";

    public override string Takes => "all that have not ended";

    public override Type Arguments => typeof(UpdateArguments);

    public override TaskFilter Complete(TaskFilter filter) => With(filter, [.. TaskRules.States.Where(s => !s.IsTerminal())]);

    public override Task<IReadOnlyList<ActionOutcome>> LookAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        updates.LookAsync(Patch(call), Said(call).Restart, page, ct);

    public override Task<IReadOnlyList<ActionOutcome>> DoAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        updates.DoAsync(Patch(call), Said(call).Restart, call, page, ct);

    private static UpdateArguments Said(ActionCall call) => (UpdateArguments)call.Arguments;

    private static SpecPatch Patch(ActionCall call) => Said(call).Patch();
}
