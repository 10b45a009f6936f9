using Scitq.Contracts;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>Sends signals to commands that run.</summary>
internal sealed class SignalAction(TaskSignals signals, TaskQueries queries, Holders holders) : TaskAction
{
    public override string Name => "signal";

    public override string Summary =>
        "Send a signal to the command of a task that runs, once: natively to everything it started, in docker to the container. The history tells what came of it.";

    public override string Done => "signalled";

    public override string Hint => "Only a command that runs can be sent a signal.";

    public override string Takes => "all that run";

    public override Type Arguments => typeof(SignalArguments);

    public override TaskFilter Complete(TaskFilter filter) => With(filter, TaskState.Running, TaskState.Suspended);

    public override Task<IReadOnlyList<ActionOutcome>> LookAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        holders.LookAsync(page, Abilities.Signal, state => state is TaskState.Running or TaskState.Suspended, ct);

    public override Task<IReadOnlyList<ActionOutcome>> DoAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        holders.AskAsync(page, Abilities.Signal, async ids =>
        {
            var sent = await signals.SendAsync(ids, ((SignalArguments)call.Arguments).Number, call.Reason, call.By, ct);
            var found = await queries.FindAsync(ids, ct);
            return [.. ids.Select(id => found.TryGetValue(id, out var task)
                ? new ActionOutcome(sent.Contains(id) ? null : ActionOutcome.Is(task.State), task) : ActionOutcome.Gone)];
        }, ct);
}
