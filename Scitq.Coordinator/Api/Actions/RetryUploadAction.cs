using Scitq.Contracts;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>Delivers output again.</summary>
internal sealed class RetryUploadAction(UploadRetries uploads) : TaskAction
{
    public override string Name => "retry-upload";

    public override string Summary => "Deliver the output once more that the worker keeps of a task whose upload failed, without running the task again.";

    public override string Done => "delivered again";

    public override string Hint => "Relaunch runs the task again.";

    public override string Takes => "all that failed in their upload";

    public override TaskFilter Complete(TaskFilter filter) =>
        With(filter.Classes.Count > 0 ? filter : filter with { Classes = [FailureClass.Upload] }, TaskState.Failed);

    public override async Task<IReadOnlyList<ActionOutcome>> LookAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct)
    {
        var problems = await uploads.ProblemsAsync([.. page.Select(t => t.Id)], ct);
        return [.. page.Select(t => problems.TryGetValue(t.Id, out var problem) ? new ActionOutcome(problem) : ActionOutcome.Gone)];
    }

    public override async Task<IReadOnlyList<ActionOutcome>> DoAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        [.. (await uploads.RetryAsync([.. page.Select(t => t.Id)], call.Reason, call.By, ct))
            .Select(r => r is var (task, problem) ? new ActionOutcome(problem, task) : ActionOutcome.Gone)];
}
