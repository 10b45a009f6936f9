using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Tasks;

/// <summary>What can be asked of tasks, the same for the API and the bus; <c>by</c> is kept in the history.</summary>
internal sealed class TaskService(GroupCommit tasks, IDbContextFactory<ScitqDb> contexts)
{
    /// <summary>What is wrong with the database; null while all is written.</summary>
    public string? DatabaseProblem => tasks.Outage.Problem;

    /// <summary>
    /// Queues tasks that passed <see cref="TaskSpecRules"/>; returns once they are durable. One that is known already is
    /// returned as it is.
    /// </summary>
    /// <exception cref="RequirementException">A required task does not exist, or tasks require each other in a ring; nothing is queued.</exception>
    public async Task<IReadOnlyList<TaskSaga>> SubmitAsync(IReadOnlyList<SubmitTask> submitted, string? by, CancellationToken ct)
    {
        var required = await ResolveAsync(submitted, ct);
        if (RequirementRing.Find([.. submitted.Where(t => t.Spec.Requirements.Count > 0).Select(t => (t.TaskId, t.Spec.Requirements.Select(r => required[r])))]) is { } ring)
            throw new RequirementRingException(ring);
        var stimuli = new TaskStimulus[submitted.Count];
        for (var i = 0; i < stimuli.Length; i++)
        {
            var task = submitted[i];
            IReadOnlyList<Guid> requirements = task.Spec.Requirements.Count == 0 ? [] : [.. task.Spec.Requirements.Select(r => required[r]).Distinct()];
            stimuli[i] = TaskStimulus.For(task.TaskId, m => m.Submitted, new Submitted(task.Spec, requirements, by));
        }

        return (await tasks.RaiseAsync(stimuli, ct))!;
    }

    /// <summary>The same of nobody in particular.</summary>
    public Task<IReadOnlyList<TaskSaga>> SubmitAsync(IReadOnlyList<SubmitTask> submitted, CancellationToken ct) => SubmitAsync(submitted, null, ct);

    /// <summary>The task there is now, and whether it will be (or is) cancelled by this; null for one that does not exist.</summary>
    public async Task<(TaskSaga Task, bool Done)?> CancelAsync(Guid id, string? reason, string? by, CancellationToken ct) => (await CancelAsync([id], reason, by, ct))[0];

    /// <summary>The same for many.</summary>
    public async Task<IReadOnlyList<(TaskSaga Task, bool Done)?>> CancelAsync(IReadOnlyList<Guid> ids, string? reason, string? by, CancellationToken ct)
    {
        var orders = ids.Select(_ => new CancelRequested(reason, by)).ToList();
        var found = await tasks.RaiseAsync([.. ids.Select((id, i) => TaskStimulus.For(id, m => m.CancelRequested, orders[i]))], ct);
        return [.. found.Select((task, i) => task is null ? ((TaskSaga, bool)?)null : (task, orders[i].Done))];
    }

    /// <summary>The same of nobody in particular.</summary>
    public Task<(TaskSaga Task, bool Done)?> CancelAsync(Guid id, string? reason, CancellationToken ct) => CancelAsync(id, reason, null, ct);

    /// <summary>The task there is now, and whether another attempt was started by this; null for one that does not exist.</summary>
    public async Task<(TaskSaga Task, bool Done)?> RelaunchAsync(Guid id, string? reason, string? by, CancellationToken ct) => (await RelaunchAsync([id], reason, by, ct))[0];

    /// <summary>The same for many.</summary>
    public async Task<IReadOnlyList<(TaskSaga Task, bool Done)?>> RelaunchAsync(IReadOnlyList<Guid> ids, string? reason, string? by, CancellationToken ct)
    {
        var orders = ids.Select(_ => new RelaunchRequested(reason, by)).ToList();
        var found = await tasks.RaiseAsync([.. ids.Select((id, i) => TaskStimulus.For(id, m => m.RelaunchRequested, orders[i]))], ct);
        return [.. found.Select((task, i) => task is null ? ((TaskSaga, bool)?)null : (task, orders[i].Done))];
    }

    /// <summary>The tasks there are now, and whether their output is being delivered again by this; whether their workers live is the caller's to know.</summary>
    public async Task<IReadOnlyList<(TaskSaga Task, bool Done)?>> RetryUploadAsync(IReadOnlyList<Guid> ids, string? reason, string? by, CancellationToken ct)
    {
        var orders = ids.Select(_ => new UploadRetryRequested(reason, by)).ToList();
        var found = await tasks.RaiseAsync([.. ids.Select((id, i) => TaskStimulus.For(id, m => m.UploadRetryRequested, orders[i]))], ct);
        return [.. found.Select((task, i) => task is null ? ((TaskSaga, bool)?)null : (task, orders[i].Done))];
    }

    private async Task<Dictionary<string, Guid>> ResolveAsync(IReadOnlyList<SubmitTask> submitted, CancellationToken ct)
    {
        var texts = submitted.SelectMany(t => t.Spec.Requirements).Distinct().ToList();
        var resolved = new Dictionary<string, Guid>();
        if (texts.Count == 0) return resolved;

        var asked = texts.ToDictionary(t => t, t => TaskId.TryParse(t, out var id) ? id : throw new UnknownRequirementException(t));
        var numbers = asked.Values.Where(x => x.Number is not null).Select(x => x.Number!.Value).ToArray();
        var guids = asked.Values.Where(x => x.Guid is not null).Select(x => x.Guid!.Value).ToArray();
        await using var db = await contexts.CreateDbContextAsync(ct);
        var known = await db.Tasks.AsNoTracking()
            .Where(t => numbers.Contains(t.Number) || guids.Contains(t.CorrelationId))
            .Select(t => new { t.Number, t.CorrelationId }).ToListAsync(ct);
        var byNumber = known.ToDictionary(x => x.Number, x => x.CorrelationId);
        // Tasks of one submission may require each other.
        var existing = known.Select(x => x.CorrelationId).Concat(submitted.Select(t => t.TaskId)).ToHashSet();
        foreach (var (text, id) in asked)
        {
            if (id.Guid is { } guid && existing.Contains(guid)) resolved[text] = guid;
            else if (id.Number is { } number && byNumber.TryGetValue(number, out var found)) resolved[text] = found;
            else throw new UnknownRequirementException(text);
        }

        return resolved;
    }
}
