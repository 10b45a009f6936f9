using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>
/// One thing that users may ask of tasks. <see cref="ActionEndpoints"/> makes of each the endpoint for one task and its share of the one for many.
/// </summary>
internal abstract class TaskAction
{
    /// <summary>As it stands in the path, and in the member <c>action</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What it does with one task.</summary>
    public abstract string Summary { get; }

    /// <summary>What has been done with a task then: "cancelled".</summary>
    public abstract string Done { get; }

    /// <summary>What to try where it is not possible.</summary>
    public abstract string Hint { get; }

    /// <summary>What a filter takes that names no status: "all that failed".</summary>
    public abstract string Takes { get; }

    /// <summary>What is said with it, beside the tasks: <see cref="ActionArguments"/>, or a type that adds to them.</summary>
    public virtual Type Arguments => typeof(ActionArguments);

    /// <summary>The filter in full: a status, at least, if it names none.</summary>
    public abstract TaskFilter Complete(TaskFilter filter);

    /// <summary>Of each task of the page, in its order, whether it could be done now.</summary>
    public abstract Task<IReadOnlyList<ActionOutcome>> LookAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct);

    /// <summary>Does it with each task of the page for which it is possible; the outcomes are in its order.</summary>
    public abstract Task<IReadOnlyList<ActionOutcome>> DoAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct);

    /// <summary>Those states where the filter names none.</summary>
    protected static TaskFilter With(TaskFilter filter, params IReadOnlyList<TaskState> states) =>
        filter.States.Count > 0 ? filter : filter with { States = states };

    /// <summary>The outcomes of looking, where a task's state says all.</summary>
    protected static Task<IReadOnlyList<ActionOutcome>> Look(IReadOnlyList<TaskMatch> page, Func<TaskState, bool> allows) =>
        Task.FromResult<IReadOnlyList<ActionOutcome>>([.. page.Select(t => new ActionOutcome(allows(t.State) ? null : ActionOutcome.Is(t.State)))]);

    /// <summary>The outcomes of what the saga was asked.</summary>
    protected static IReadOnlyList<ActionOutcome> Outcomes(IReadOnlyList<(TaskSaga Task, bool Done)?> answers) =>
        [.. answers.Select(a => a is var (task, done) ? new ActionOutcome(done ? null : ActionOutcome.Is(task.State), task) : ActionOutcome.Gone)];
}
