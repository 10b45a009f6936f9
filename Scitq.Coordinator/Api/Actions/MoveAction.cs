using System.Text.Json;
using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>Moves tasks to another batch: an update of that alone.</summary>
internal sealed class MoveAction(TaskUpdates updates) : TaskAction
{
    public override string Name => "move";

    public override string Summary => "Move a task to another batch, whose workers then get it; one that a worker has as an update would.";

    public override string Done => "moved";

    public override string Hint => "See: scitq-manage task move --help";

    public override string Takes => "all that have not ended";

    public override Type Arguments => typeof(MoveArguments);

    public override TaskFilter Complete(TaskFilter filter) => With(filter, [.. TaskRules.States.Where(s => !s.IsTerminal())]);

    public override Task<IReadOnlyList<ActionOutcome>> LookAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        updates.LookAsync(Patch(call), Said(call).Restart, page, ct);

    public override Task<IReadOnlyList<ActionOutcome>> DoAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        updates.DoAsync(Patch(call), Said(call).Restart, call, page, ct);

    private static MoveArguments Said(ActionCall call) => (MoveArguments)call.Arguments;

    private static SpecPatch Patch(ActionCall call) =>
        new(new Dictionary<string, JsonElement> { ["batch"] = JsonSerializer.SerializeToElement(Said(call).Batch) });
}
