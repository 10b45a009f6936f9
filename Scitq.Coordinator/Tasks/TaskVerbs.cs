using MassTransit;
using Microsoft.Extensions.Options;

namespace Scitq.Coordinator.Tasks;

/// <summary>
/// What the table of <see cref="TaskStateMachine"/> does, verb by verb. Only the row and its effects are touched: nothing is sent or saved here, because
/// a group that meets another coordinator's change is handled again from the start.
/// </summary>
internal sealed partial class TaskVerbs(IOptions<TaskOptions> options, TimeProvider clock)
{
    private readonly TaskOptions _options = options.Value;

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>PostgreSQL's text holds any character but NUL.</summary>
    private static string? Clean(string? text) => text?.Replace('\0', ' ');

    private void Remember(BehaviorContext<TaskSaga> context, HistoryKind kind, string? detail, string? by = null)
    {
        var (task, effects) = (context.Saga, context.Effects());
        effects.History.Add(new TaskEventRow
        {
            TaskId = task.CorrelationId,
            Attempt = task.Attempt,
            At = Now,
            Kind = kind,
            Worker = task.Worker,
            Detail = detail,
            ByWhom = by,
        });
        effects.Changed = true;
    }
}
