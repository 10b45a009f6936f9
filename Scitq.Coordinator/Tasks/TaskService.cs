using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>What can be asked of many tasks at once, the same for the API and the bus; <c>by</c> is kept in the history.</summary>
internal sealed class TaskService(TaskInbox inbox, RequirementResolver requirements, IDatabaseHealth database)
{
    /// <summary>What is wrong with the database; null while all is written.</summary>
    public string? DatabaseProblem => database.Problem;

    /// <summary>
    /// Queues tasks that passed <see cref="TaskSpecRules"/>; returns once they are durable. One that is known already is
    /// returned as it is.
    /// </summary>
    /// <exception cref="RequirementException">A required task does not exist, or tasks require each other in a ring; nothing is queued.</exception>
    public async Task<IReadOnlyList<TaskSaga>> SubmitAsync(IReadOnlyList<SubmitTask> submitted, string? by, CancellationToken ct)
    {
        var required = await requirements.ResolveAsync(submitted, ct);
        var free = new Origin(by);
        var stimuli = new TaskStimulus[submitted.Count];
        for (var i = 0; i < stimuli.Length; i++)
            stimuli[i] = TaskStimulus.For(submitted[i].TaskId, m => m.Submitted, submitted[i], required[i].Count == 0 ? free : new Origin(by, required[i]));
        return [.. (await inbox.RaiseAsync(stimuli, ct)).Select(o => o.Task!)];
    }

    /// <summary>The same of nobody in particular.</summary>
    public Task<IReadOnlyList<TaskSaga>> SubmitAsync(IReadOnlyList<SubmitTask> submitted, CancellationToken ct) => SubmitAsync(submitted, null, ct);

    /// <summary>The task there is now, and whether it will be (or is) cancelled by this; null for one that does not exist.</summary>
    public async Task<(TaskSaga Task, bool Done)?> CancelAsync(Guid id, string? reason, string? by, CancellationToken ct) =>
        (await CancelAsync([id], reason, by, ct))[0];

    /// <summary>The same for many.</summary>
    public Task<IReadOnlyList<(TaskSaga Task, bool Done)?>> CancelAsync(IReadOnlyList<Guid> ids, string? reason, string? by, CancellationToken ct) =>
        AskAsync(ids, m => m.CancelRequested, id => new CancelTask { TaskId = id, Reason = reason }, by, ct);

    /// <summary>The same of nobody in particular.</summary>
    public Task<(TaskSaga Task, bool Done)?> CancelAsync(Guid id, string? reason, CancellationToken ct) => CancelAsync(id, reason, null, ct);

    /// <summary>The task there is now, and whether another attempt was started by this; null for one that does not exist.</summary>
    public async Task<(TaskSaga Task, bool Done)?> RelaunchAsync(Guid id, string? reason, string? by, CancellationToken ct) =>
        (await RelaunchAsync([id], reason, keepRetries: false, by, ct))[0];

    /// <summary>The same for many.</summary>
    public Task<IReadOnlyList<(TaskSaga Task, bool Done)?>> RelaunchAsync(
        IReadOnlyList<Guid> ids, string? reason, bool keepRetries, string? by, CancellationToken ct) =>
        AskAsync(ids, m => m.RelaunchRequested, id => new RelaunchTask { TaskId = id, Reason = reason, KeepRetries = keepRetries }, by, ct);

    /// <summary>The tasks there are now, and whether their output is being delivered again by this. The caller has seen that their workers live.</summary>
    public Task<IReadOnlyList<(TaskSaga Task, bool Done)?>> RetryUploadAsync(IReadOnlyList<Guid> ids, string? reason, string? by, CancellationToken ct) =>
        AskAsync(ids, m => m.UploadRetryRequested, id => new RetryUpload { TaskId = id, Reason = reason }, by, ct);

    /// <summary>
    /// Changes tasks, given by how they are now; of each the task there is then, and why it was not changed, if it was not. One that a worker has is
    /// changed once that has stopped it.
    /// </summary>
    /// <exception cref="RequirementException">A required task does not exist, or tasks would require each other in a ring; nothing is changed.</exception>
    public async Task<IReadOnlyDictionary<Guid, (TaskSaga Task, string? Problem)>> UpdateAsync(
        IReadOnlyCollection<TaskSaga> tasks, SpecPatch patch, bool restart, string? reason, string? by, CancellationToken ct)
    {
        await using var alone = patch.ChangesRequirements ? await requirements.LockAsync(ct) : null;
        var update = await AskAsync(tasks, patch, restart, reason, ct);
        var origin = new Origin(by);
        var outcomes = await inbox.RaiseAsync([.. tasks.Select(t => TaskStimulus.For(t.CorrelationId, m => m.UpdateRequested, update, origin))], ct);
        return outcomes.Where(o => o.Task is not null).DistinctBy(o => o.Task!.CorrelationId)
            .ToDictionary(o => o.Task!.CorrelationId, o => (o.Task!, o.Answer.Done ? null : o.Answer.Refusal));
    }

    /// <summary>What would become of these tasks, by their ids.</summary>
    /// <exception cref="RequirementException">A required task does not exist, or tasks would require each other in a ring.</exception>
    public async Task<IReadOnlyDictionary<Guid, UpdateRules>> LookAsync(
        IReadOnlyCollection<TaskSaga> tasks, SpecPatch patch, bool restart, CancellationToken ct)
    {
        var update = await AskAsync(tasks, patch, restart, null, ct);
        return tasks.ToDictionary(t => t.CorrelationId, t => UpdateRules.Of(t, update));
    }

    private async Task<UpdateRequested> AskAsync(
        IReadOnlyCollection<TaskSaga> tasks, SpecPatch patch, bool restart, string? reason, CancellationToken ct)
    {
        IReadOnlyDictionary<string, Guid> required = new Dictionary<string, Guid>();
        if (patch.ChangesRequirements)
        {
            var edits = tasks.Select(t => (t.CorrelationId, Edit: patch.Apply(t.Next ?? t.Spec))).Where(t => t.Edit.Problem is null);
            required = await requirements.ResolveAsync(edits.ToDictionary(t => t.CorrelationId, t => t.Edit.Spec), ct);
        }

        return new UpdateRequested(patch, required, restart, reason);
    }

    /// <summary>The tasks there are now, and whether their workers are stopping them for good.</summary>
    public Task<IReadOnlyList<(TaskSaga Task, bool Done)?>> StopAsync(IReadOnlyList<Guid> ids, bool kill, string? reason, string? by, CancellationToken ct) =>
        AskAsync(ids, m => m.StopRequested, id => new StopTask { TaskId = id, Reason = reason, Kill = kill }, by, ct);

    /// <summary>The tasks there are now, and whether they have this priority: not those that have ended.</summary>
    public Task<IReadOnlyList<(TaskSaga Task, bool Done)?>> GivePriorityAsync(
        IReadOnlyList<Guid> ids, PriorityGiven priority, string? by, CancellationToken ct) => AskAsync(ids, m => m.PriorityGiven, _ => priority, by, ct);

    /// <summary>The tasks there are now, and whether they will stand still (or do) by this. The caller has seen that their workers know how.</summary>
    public Task<IReadOnlyList<(TaskSaga Task, bool Done)?>> PauseAsync(IReadOnlyList<Guid> ids, string? reason, string? by, CancellationToken ct) =>
        AskAsync(ids, m => m.PauseRequested, id => new PauseTask { TaskId = id, Reason = reason }, by, ct);

    /// <summary>The tasks there are now, and whether they go on by this.</summary>
    public Task<IReadOnlyList<(TaskSaga Task, bool Done)?>> ResumeAsync(IReadOnlyList<Guid> ids, string? reason, string? by, CancellationToken ct) =>
        AskAsync(ids, m => m.ResumeRequested, id => new ResumeTask { TaskId = id, Reason = reason }, by, ct);

    private async Task<IReadOnlyList<(TaskSaga Task, bool Done)?>> AskAsync<T>(
        IReadOnlyList<Guid> ids, Func<TaskStateMachine, Event<T>> @event, Func<Guid, T> message, string? by, CancellationToken ct)
        where T : class
    {
        var origin = new Origin(by);
        var outcomes = await inbox.RaiseAsync([.. ids.Select(id => TaskStimulus.For(id, @event, message(id), origin))], ct);
        return [.. outcomes.Select(o => o.Task is { } task ? (task, o.Answer.Done) : ((TaskSaga, bool)?)null)];
    }
}
