using Scitq.Coordinator.Api.Actions;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Api.WorkerActions;

/// <summary>Something that can be done with workers, one or many: each is a class, and endpoints and checks are the same for all.</summary>
internal abstract class WorkerAction
{
    /// <summary>In addresses and requests.</summary>
    public abstract string Name { get; }

    /// <summary>One sentence for the description of the API.</summary>
    public abstract string Summary { get; }

    /// <summary>What has been done with a worker then: "drained".</summary>
    public abstract string Done { get; }

    /// <summary>What to try where it can't be done.</summary>
    public abstract string Hint { get; }

    /// <summary>Its arguments beside those of every action.</summary>
    public virtual Type Arguments => typeof(ActionArguments);

    /// <summary>Why it can't be done with this worker; null when it can.</summary>
    public virtual Task<string?> ProblemAsync(ActionCall call, WorkerRow worker, CancellationToken ct) => Task.FromResult<string?>(null);

    /// <summary>Does it; what it found no problem with may have changed meanwhile.</summary>
    public abstract Task<WorkerOutcome> DoAsync(ActionCall call, WorkerRow worker, CancellationToken ct);
}
