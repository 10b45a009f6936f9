using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Api.Actions;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Api.WorkerActions;

/// <summary>Forgets workers.</summary>
internal sealed class DeleteAction(IDbContextFactory<ScitqDb> contexts, WorkerWishes wishes, ForgottenWorkers forgotten, TimeProvider clock) : WorkerAction
{
    public override string Name => "delete";

    public override string Summary =>
        "Forget a worker: its name is free then, and should its agent return it is a new one. One that is there is told to leave first, and must have "
        + "nothing left to do, unless 'force' has it stop that: those attempts are lost, and run elsewhere.";

    public override string Done => "deleted";

    public override string Hint => "Drain it first (worker drain), or delete it by force (--force): what it runs is stopped then, and run elsewhere.";

    public override Type Arguments => typeof(DeleteArguments);

    public override async Task<string?> ProblemAsync(ActionCall call, WorkerRow worker, CancellationToken ct)
    {
        if (worker.Epoch is null) return null;
        if (!worker.Knows(Abilities.Leave) && !WorkerView.IsOffline(worker, clock.GetUtcNow().UtcDateTime))
            return "its agent can't be told to leave, for it is part of another program, or too old: stop it first.";
        if (((DeleteArguments)call.Arguments).Force) return null;
        await using var db = await contexts.CreateDbContextAsync(ct);
        var open = (await HeldLeases.OfAsync(db, worker.Name, ct)).Count;
        return open == 0 ? null : $"it has {open} {(open == 1 ? "task" : "tasks")}.";
    }

    public override async Task<WorkerOutcome> DoAsync(ActionCall call, WorkerRow worker, CancellationToken ct)
    {
        var force = ((DeleteArguments)call.Arguments).Force;
        if (worker.Epoch is not null && await wishes.DrainAsync(worker.Id, evict: force, delete: true, call.Reason, call.By, ct) is not null)
            return new WorkerOutcome(Note: "it is forgotten once it has left, or is lost.");
        if (!await forgotten.ForgetAsync(worker, ct)) return new WorkerOutcome("it has just come back.");
        await wishes.RememberAsync(worker.Name, $"deleted{WorkerWishes.Because(call.Reason)}", call.By, ct);
        return new WorkerOutcome();
    }
}

/// <summary>How a worker is deleted.</summary>
internal sealed record DeleteArguments : ActionArguments
{
    /// <summary>Whether it is to stop what it has.</summary>
    public bool Force { get; init; }
}
