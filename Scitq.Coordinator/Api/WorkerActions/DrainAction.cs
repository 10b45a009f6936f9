using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Api.Actions;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Api.WorkerActions;

/// <summary>Empties workers.</summary>
internal sealed class DrainAction(WorkerWishes wishes) : WorkerAction
{
    public override string Name => "drain";

    public override string Summary =>
        "Let a worker take nothing new, end what it has, and leave: its agent then exits with code 0. To change 'paused' to false before that undoes it.";

    public override string Done => "drained";

    public override string Hint => "See: scitq-manage worker list";

    public override Task<string?> ProblemAsync(ActionCall call, WorkerRow worker, CancellationToken ct) => Task.FromResult(
        worker.Epoch is null ? "it is offline, so there is nothing to drain."
        : worker.Knows(Abilities.Drain) ? null
        : $"its agent ({worker.Version}) is too old to be told: send it SIGTERM.");

    public override async Task<WorkerOutcome> DoAsync(ActionCall call, WorkerRow worker, CancellationToken ct) =>
        await wishes.DrainAsync(worker.Id, evict: false, delete: false, call.Reason, call.By, ct) is { } row
            ? new WorkerOutcome(Note: row.Knows(Abilities.Leave)
                ? null
                : $"worker {row.Name} is part of another program: it stays, drained, until it is resumed.")
            : WorkerOutcome.Gone;
}
