using Scitq.Contracts;

namespace Scitq.Coordinator.Tasks;

/// <summary>
/// Gives the claims of a group the tasks whose turn it is. In a batch with priorities a message is a right to one task, whichever is first when it is claimed:
/// the table alone has the order, and nothing is sent when that changes. The message of the task that was granted stays in the queue, for the one that
/// was not, so there are as many messages as tasks that wait. As long as what a message has brought is under way, the same message brings that and nothing
/// else, however often it is delivered and claimed.
/// </summary>
internal sealed class ClaimTurns : IAsyncDisposable
{
    private readonly PickedTasks _picked;
    private readonly Dictionary<Guid, TaskInHand> _tasks;
    private readonly Dictionary<Guid, TaskInHand> _spent;
    private readonly Dictionary<string, List<TaskInHand>> _next;

    private ClaimTurns(PickedTasks picked, IEnumerable<string> batches, Dictionary<Guid, TaskInHand> tasks)
    {
        (_picked, _tasks) = (picked, tasks);
        _spent = picked.Spent.ToDictionary(t => t.Token!.Value, InHand);
        _next = batches.ToDictionary(b => b, _ => new List<TaskInHand>());
        // The first is the last of its list, where taking it costs nothing.
        foreach (var task in picked.Next.Reverse()) _next[task.Batch].Add(InHand(task));
    }

    public PickedTasks Picked => _picked;

    /// <summary>Null if no claim of the group is for a batch with priorities.</summary>
    public static async Task<ClaimTurns?> TakeAsync(
        ITaskStore store, IEnumerable<TaskStimulus> group, LoadedTasks loaded, Dictionary<Guid, TaskInHand> tasks, CancellationToken ct)
    {
        Dictionary<string, int>? wanted = null;
        var messages = new HashSet<Guid>();
        var touched = new List<string>();
        foreach (var stimulus in group)
        {
            if (stimulus.Claim is { } claim && loaded.Batches.GetValueOrDefault(claim.Batch!).Ordered)
            {
                wanted ??= [];
                // An agent that is too old for some of them looks further.
                wanted[claim.Batch!] = wanted.GetValueOrDefault(claim.Batch!) + (claim.Knows.Count < Abilities.All.Count ? 20 : 1);
                messages.Add(Message(stimulus.TaskId, claim));
            }
            else if (loaded.Batches.Count > 0 && loaded.Tasks.TryGetValue(stimulus.TaskId, out var task) && IsFree(task))
            {
                // By the time a claim comes to it, it may not be free any more.
                touched.Add(task.Batch);
            }
        }

        if (wanted is null) return null;
        foreach (var batch in touched)
            if (wanted.TryGetValue(batch, out var count)) wanted[batch] = count + 1;
        return new ClaimTurns(await store.PickAsync(messages, wanted, ct), wanted.Keys, tasks);
    }

    /// <summary>The same event; a claim for the task that it is to get.</summary>
    public TaskStimulus Of(TaskStimulus stimulus)
    {
        if (stimulus.Claim is not { } claim || !_next.TryGetValue(claim.Batch!, out var next)) return stimulus;
        var message = Message(stimulus.TaskId, claim);
        var own = _tasks.GetValueOrDefault(stimulus.TaskId);
        var isFirst = claim.Token is null && own?.Task?.Attempt == claim.Attempt;
        if (isFirst && own!.Task is { Token: null } its && its.State.IsActive()) return stimulus;
        if (_spent.TryGetValue(message, out var brought) && brought.Task is { } spent && spent.Token == message && spent.State.IsActive())
            return For(spent, claim);
        if (Next(next, own, claim) is not { } task) return stimulus;
        if (isFirst && task == own!.Task) return stimulus;
        _spent[message] = _tasks[task.CorrelationId];
        return For(task, claim with { InPlaceOf = (stimulus.TaskId, message) });
    }

    public ValueTask DisposeAsync() => _picked.DisposeAsync();

    private static bool IsFree(TaskSaga task) => task is { State: TaskState.Pending, Due: null };

    /// <summary>The next attempt of a task has another message; so has an attempt that was told of again.</summary>
    private static Guid Message(Guid task, Claimed claim)
    {
        if (claim.Token is { } token) return token;
        Span<byte> bytes = stackalloc byte[16];
        task.TryWriteBytes(bytes);
        var attempt = BitConverter.ToInt32(bytes[12..]) ^ claim.Attempt;
        BitConverter.TryWriteBytes(bytes[12..], attempt);
        return new Guid(bytes);
    }

    private static TaskStimulus For(TaskSaga task, Claimed claim) =>
        TaskStimulus.For(task.CorrelationId, m => m.Claimed, claim with { Attempt = task.Attempt });

    private static TaskSaga? Next(List<TaskInHand> next, TaskInHand? own, Claimed claim)
    {
        for (var i = next.Count - 1; i >= 0; i--)
        {
            var task = next[i].Task!;
            if (!IsFree(task))
            {
                next.RemoveAt(i);
                continue;
            }

            if (Abilities.Missing(task.Spec, claim.Knows) is not null) continue;
            // One that came with its own claim is not in the table yet.
            if (own is { IsNew: true, Task: { } made } && IsFree(made) && made.Priority > task.Priority) return made;
            next.RemoveAt(i);
            return task;
        }

        return null;
    }

    private TaskInHand InHand(TaskSaga task)
    {
        if (!_tasks.TryGetValue(task.CorrelationId, out var hand)) _tasks.Add(task.CorrelationId, hand = new TaskInHand(task));
        return hand;
    }
}
