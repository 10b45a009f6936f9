using System.Threading.Channels;
using MassTransit;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Tasks;

/// <summary>
/// The saga repository. All events in flight, from whatever source, are handled in groups: one SELECT for the tasks
/// they concern, the state machine in memory, one transaction for all that changed. There is no timer: a group is what
/// arrived while the one before was being saved, so an idle system answers at once and a busy one saves hundreds at a time.
/// While the database is away a group waits for it; the messages behind it stay unacknowledged, so nothing is lost.
/// </summary>
internal sealed partial class GroupCommit(TaskStateMachine machine, ITaskStore store, Lazy<IEnumerable<ICommitObserver>> observers, TimeProvider clock, ILogger<GroupCommit> logger) : BackgroundService
{
    private const int MaxGroup = 2000;
    private readonly HashSet<string> _batches = [];
    private readonly Channel<Work> _queue = Channel.CreateBounded<Work>(new BoundedChannelOptions(10_000) { SingleReader = true });

    /// <summary>The database's absence, as everybody who meets it tells of it.</summary>
    public DatabaseOutage Outage { get; } = new(clock, logger);

    /// <summary>Whether the database is away and a group waits for it.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>Whether this says that the database is away; then it is told.</summary>
    public bool IsAway(Exception exception)
    {
        var holds = Transience.Holds(store, exception);
        return Outage.Note(exception) is not null || holds;
    }

    /// <summary>Handles the events, in order, and returns once they are saved: what the tasks are then, null for one that does not exist.</summary>
    public async Task<IReadOnlyList<TaskSaga?>> RaiseAsync(IReadOnlyList<TaskStimulus> stimuli, CancellationToken ct)
    {
        if (stimuli.Count == 0) return [];
        var results = new TaskSaga?[stimuli.Count];
        var waits = new List<Task>();
        for (var start = 0; start < stimuli.Count; start += MaxGroup)
        {
            var count = Math.Min(MaxGroup, stimuli.Count - start);
            var work = new Work(stimuli, start, count, results, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            await _queue.Writer.WriteAsync(work, ct);
            waits.Add(work.Done.Task);
        }

        await Task.WhenAll(waits).WaitAsync(ct);
        return results;
    }

    /// <summary>Handles one event.</summary>
    public async Task<TaskSaga?> RaiseAsync(TaskStimulus stimulus, CancellationToken ct) => (await RaiseAsync([stimulus], ct))[0];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var group = new List<Work>();
        while (await _queue.Reader.WaitToReadAsync(stoppingToken))
        {
            group.Clear();
            for (var events = 0; events < MaxGroup && _queue.Reader.TryRead(out var work); events += work.Count) group.Add(work);
            try
            {
                var saved = await CommitAsync(group, stoppingToken);
                if (saved.Count > 0)
                    foreach (var observer in observers.Value) observer.Committed(saved);
                foreach (var work in group) work.Done.SetResult();
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                // One of the group cannot be saved, ever (a text the database refuses, say). Alone, the others can.
                if (group.Count == 1) group[0].Done.SetException(e);
                else await CommitOneByOneAsync(group, stoppingToken);
            }
        }
    }

    private async Task CommitOneByOneAsync(List<Work> group, CancellationToken ct)
    {
        foreach (var work in group)
        {
            try
            {
                var saved = await CommitAsync([work], ct);
                foreach (var observer in observers.Value) observer.Committed(saved);
                work.Done.SetResult();
            }
            catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
            {
                Log.CannotSave(logger, e);
                work.Done.SetException(e);
            }
        }
    }

    private async Task<IReadOnlyList<TaskSaga>> CommitAsync(List<Work> group, CancellationToken ct)
    {
        var ids = new HashSet<Guid>();
        foreach (var work in group)
            for (var i = 0; i < work.Count; i++) ids.Add(work.Stimuli[work.Start + i].TaskId);

        for (var tries = 0; ; tries++)
        {
            try
            {
                var tasks = await store.LoadAsync(ids, ct);
                await LoadEndsAsync(group, tasks, ct);
                var changes = await HandleAsync(group, tasks);
                if (!changes.IsEmpty)
                {
                    await store.SaveAsync(changes, ct);
                    Outage.End();
                }

                foreach (var batch in changes.Batches) _batches.Add(batch.Name);
                IsWaiting = false;
                return [.. changes.Inserts, .. changes.Updates, .. tasks.Values.Where(t => !t.Effects.Changed && (t.Effects.Dispatch || t.Effects.Stop is not null))];
            }
            catch (SaveConflictException) when (tries < 20)
            {
                // Another coordinator was first: load what it made of them and handle the events again.
                await Task.Delay(Random.Shared.Next(1, 5 * (tries + 1)), ct);
            }
            catch (Exception e) when (Transience.Holds(store, e))
            {
                if (Outage.Note(e) is null) Outage.Begin("the database can't be reached", e.Message);
                IsWaiting = true;
                await Task.Delay(Math.Min(100 * (tries + 1), 2000), ct);
            }
        }
    }

    /// <summary>A report of an end that is not the current attempt's may be a repeat: then what is recorded of the task must be known.</summary>
    private async Task LoadEndsAsync(List<Work> group, Dictionary<Guid, TaskSaga> tasks, CancellationToken ct)
    {
        HashSet<Guid>? ids = null;
        foreach (var work in group)
            for (var i = work.Start; i < work.Start + work.Count; i++)
                if (work.Stimuli[i].Ends is { } key && tasks.TryGetValue(key.TaskId, out var task) && task.Key != key && task.Attempt > 1) (ids ??= []).Add(key.TaskId);
        if (ids is null) return;
        foreach (var (id, end) in await store.LoadEndsAsync(ids, ct)) tasks[id].Ends.Add(end);
    }

    private async Task<TaskChanges> HandleAsync(List<Work> group, Dictionary<Guid, TaskSaga> tasks)
    {
        var created = new HashSet<Guid>();
        foreach (var work in group)
        {
            for (var i = 0; i < work.Count; i++)
            {
                var stimulus = work.Stimuli[work.Start + i];
                if (!tasks.TryGetValue(stimulus.TaskId, out var task))
                {
                    if (!stimulus.Creates) continue;
                    task = new TaskSaga { CorrelationId = stimulus.TaskId, Exists = false };
                    tasks.Add(stimulus.TaskId, task);
                    created.Add(stimulus.TaskId);
                }

                await stimulus.RaiseAsync(machine, task);
                work.Results[work.Start + i] = task;
            }
        }

        var changes = new TaskChanges();
        foreach (var task in tasks.Values)
        {
            changes.Attempts.AddRange(task.Effects.Attempts);
            changes.Events.AddRange(task.Effects.History);
            changes.Requirements.AddRange(task.Effects.Requirements);
            if (created.Contains(task.CorrelationId))
            {
                changes.Inserts.Add(task);
                if (!_batches.Contains(task.Batch) && changes.Batches.All(b => b.Name != task.Batch))
                    changes.Batches.Add(new BatchRow { Name = task.Batch, Created = task.Created });
            }
            else if (task.Effects.Changed)
            {
                task.Version++;
                changes.Updates.Add(task);
            }
        }

        return changes;
    }

    private sealed record Work(IReadOnlyList<TaskStimulus> Stimuli, int Start, int Count, TaskSaga?[] Results, TaskCompletionSource Done);

    private static partial class Log
    {
        [LoggerMessage(3, LogLevel.Error, "An event cannot be saved")]
        public static partial void CannotSave(ILogger logger, Exception exception);
    }
}

/// <summary>Told, in order, of each group of tasks once it is saved; must return at once.</summary>
internal interface ICommitObserver
{
    void Committed(IReadOnlyList<TaskSaga> tasks);
}

/// <summary>One event for one task.</summary>
internal abstract class TaskStimulus(Guid taskId)
{
    public Guid TaskId { get; } = taskId;

    /// <summary>Whether the event may be a task's first.</summary>
    public virtual bool Creates => false;

    /// <summary>The attempt that has ended, if this is the report of an end.</summary>
    public virtual Contracts.Messages.AttemptKey? Ends => null;

    public abstract Task RaiseAsync(TaskStateMachine machine, TaskSaga task);

    public static TaskStimulus For<T>(Guid taskId, Func<TaskStateMachine, Event<T>> @event, T message)
        where T : class => new Of<T>(taskId, @event, message);

    private sealed class Of<T>(Guid taskId, Func<TaskStateMachine, Event<T>> @event, T message) : TaskStimulus(taskId)
        where T : class
    {
        public override bool Creates => message is Submitted;

        public override Contracts.Messages.AttemptKey? Ends => (message as AttemptEnded)?.Report.Key;

        public override Task RaiseAsync(TaskStateMachine machine, TaskSaga task)
        {
            (message as IAnswered)?.Reset();
            return machine.RaiseAsync(task, @event(machine), message);
        }
    }
}
