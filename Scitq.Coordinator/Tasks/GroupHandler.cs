using Scitq.Coordinator.Batches;

namespace Scitq.Coordinator.Tasks;

/// <summary>Loads the tasks of a group, raises its events on them, and saves what that changed: all of it, or nothing.</summary>
internal sealed class GroupHandler(TaskStateMachine machine, ITaskStore store, IDatabaseHealth database, IEnumerable<ICommitAddition> additions)
{
    private readonly HashSet<string> _batches = [];
    private readonly ICommitAddition[] _additions = [.. additions];

    /// <summary>The tasks that were changed, or that somebody is to be told of. Its one caller runs one group after the other.</summary>
    public async Task<IReadOnlyList<CommittedTask>> CommitAsync(IReadOnlyList<TaskInbox.Portion> group, CancellationToken ct)
    {
        var (ids, batches) = (new HashSet<Guid>(), new HashSet<string>());
        foreach (var stimulus in All(group))
        {
            ids.Add(stimulus.TaskId);
            if (stimulus.Batch is { } batch) batches.Add(batch);
        }

        var loaded = await store.LoadAsync(ids, batches, ct);
        var tasks = loaded.Tasks.ToDictionary(t => t.Key, t => new TaskInHand(t.Value));
        await LoadEndsAsync(group, tasks, ct);
        await using var turns = await ClaimTurns.TakeAsync(store, All(group), loaded, tasks, ct);
        await RaiseAsync(group, tasks, loaded, turns);
        var changes = Changes(tasks.Values, loaded, turns);
        foreach (var addition in _additions) addition.Add(tasks.Values, changes);
        if (!changes.IsEmpty)
        {
            await store.SaveAsync(changes, ct);
            database.Saved();
        }

        foreach (var batch in changes.Batches) _batches.Add(batch.Name);
        return [.. tasks.Values.Where(IsNews).Select(t => new CommittedTask(t.Task!, t.Effects))];
    }

    private static IEnumerable<TaskStimulus> All(IReadOnlyList<TaskInbox.Portion> group)
    {
        foreach (var portion in group)
            for (var i = 0; i < portion.Count; i++) yield return portion[i];
    }

    private static bool IsNews(TaskInHand task) =>
        task.Task is not null && (task.IsNew || task.Effects is { Changed: true } or { Dispatch: true } or { Stop: not null } or { Pause: not null });

    /// <summary>A report of an end that is not the current attempt's may be a repeat: then it must be known which ends are recorded of the task.</summary>
    private async Task LoadEndsAsync(IReadOnlyList<TaskInbox.Portion> group, Dictionary<Guid, TaskInHand> tasks, CancellationToken ct)
    {
        HashSet<Guid>? ids = null;
        foreach (var stimulus in All(group))
            if (stimulus.Ends is { } key && tasks.TryGetValue(key.TaskId, out var found) && found.Task is { Attempt: > 1 } task && task.Key != key)
                (ids ??= []).Add(key.TaskId);
        if (ids is null) return;
        foreach (var (id, end) in await store.LoadEndsAsync(ids, ct)) tasks[id].Effects.KnownEnds.Add(end);
    }

    private async Task RaiseAsync(
        IReadOnlyList<TaskInbox.Portion> group, Dictionary<Guid, TaskInHand> tasks, LoadedTasks loaded, ClaimTurns? turns)
    {
        foreach (var portion in group)
        {
            for (var i = 0; i < portion.Count; i++)
            {
                var stimulus = turns?.Of(portion[i]) ?? portion[i];
                if (!tasks.TryGetValue(stimulus.TaskId, out var task)) tasks.Add(stimulus.TaskId, task = new TaskInHand(null));
                task.Effects.Begin();
                if (task.Task is null && stimulus.Batch is { } batch) task.Effects.BatchPriority = loaded.Batches.GetValueOrDefault(batch).Priority;
                await stimulus.RaiseAsync(machine, task);
                portion.Answer(i, new TaskOutcome(task.Task, task.Effects.Answer));
            }
        }
    }

    private TaskChanges Changes(IEnumerable<TaskInHand> tasks, LoadedTasks loaded, ClaimTurns? turns)
    {
        var changes = new TaskChanges { Picked = turns?.Picked };
        var batches = new Dictionary<string, BatchRow>();
        foreach (var hand in tasks)
        {
            if (hand.Task is not { } task) continue;
            changes.Attempts.AddRange(hand.Effects.Attempts);
            changes.Events.AddRange(hand.Effects.History);
            changes.Requirements.AddRange(hand.Effects.Requirements);
            if (hand.Effects.ReplacesRequirements) changes.Unrequired.Add(task.CorrelationId);
            if ((hand.IsNew || hand.Effects.SpecChanged) && !_batches.Contains(task.Batch))
                batches.TryAdd(task.Batch, new BatchRow { Name = task.Batch, Created = task.Created });
            if (hand.IsNew)
            {
                changes.Inserts.Add(task);
            }
            else if (hand.Effects.Changed)
            {
                task.Version++;
                (hand.Effects.SpecChanged ? changes.Respecified : changes.Updates).Add(task);
            }

            if ((hand.IsNew || hand.Effects.Reordered) && task.Priority != 0 && !loaded.Batches.GetValueOrDefault(task.Batch).Ordered)
                batches[task.Batch] = new BatchRow { Name = task.Batch, Created = task.Created, Ordered = true };
        }

        changes.Batches.AddRange(batches.Values);
        return changes;
    }
}
