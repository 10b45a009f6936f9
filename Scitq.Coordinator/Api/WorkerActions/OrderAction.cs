using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Api.Actions;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Api.WorkerActions;

/// <summary>Gives workers an order, which waits for those that are offline.</summary>
internal abstract class OrderAction(WorkerOrderKind kind, WorkerWishes wishes, TimeProvider clock) : WorkerAction
{
    public override string Hint => "See: scitq-manage worker list";

    public override async Task<WorkerOutcome> DoAsync(ActionCall call, WorkerRow worker, CancellationToken ct)
    {
        var order = await wishes.OrderAsync(worker.Id, kind, call.Reason, call.By, ct);
        var offline = WorkerView.IsOffline(worker, clock.GetUtcNow().UtcDateTime);
        return new WorkerOutcome(Note: offline ? $"worker {worker.Name} is offline; the order waits for it." : null, Order: order);
    }
}

/// <summary>Has agents execute their programs anew.</summary>
internal sealed class RestartAction(WorkerWishes wishes, TimeProvider clock) : OrderAction(WorkerOrderKind.Restart, wishes, clock)
{
    private readonly TimeProvider _clock = clock;

    public override string Name => "restart";

    public override string Summary =>
        "Order a worker to execute its agent's program anew, from the file as it is now, with its settings read anew; what runs goes on.";

    public override string Done => "restarted";

    public override Task<string?> ProblemAsync(ActionCall call, WorkerRow worker, CancellationToken ct) => Task.FromResult(
        WorkerView.IsOffline(worker, _clock.GetUtcNow().UtcDateTime) ? "it is offline."
        : worker.Knows(Abilities.Restart) ? null
        : $"its agent ({worker.Version}) is part of another program, or too old for it.");
}

/// <summary>Removes what workers keep of failures.</summary>
internal sealed class CleanAction(WorkerWishes wishes, TimeProvider clock) : OrderAction(WorkerOrderKind.Clean, wishes, clock)
{
    public override string Name => "clean";

    public override string Summary => "Order a worker to remove the directories it keeps of failed attempts.";

    public override string Done => "cleaned";
}

/// <summary>Has workers fetch their resources anew.</summary>
internal sealed class ResetResourcesAction(WorkerWishes wishes, TimeProvider clock) : OrderAction(WorkerOrderKind.ResetResources, wishes, clock)
{
    public override string Name => "reset-resources";

    public override string Summary => "Order a worker to forget its resources: the next task that wants one fetches it anew.";

    public override string Done => "made to forget its resources";
}
