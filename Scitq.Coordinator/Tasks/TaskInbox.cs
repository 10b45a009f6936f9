using System.Threading.Channels;

namespace Scitq.Coordinator.Tasks;

/// <summary>Where all events of tasks wait for <see cref="GroupCommit"/>, from whatever source.</summary>
internal sealed class TaskInbox
{
    private readonly Channel<Portion> _queue = Channel.CreateBounded<Portion>(new BoundedChannelOptions(10_000) { SingleReader = true });

    /// <summary>Handles the events, in order, and returns once they are saved.</summary>
    public async Task<IReadOnlyList<TaskOutcome>> RaiseAsync(IReadOnlyList<TaskStimulus> stimuli, CancellationToken ct)
    {
        if (stimuli.Count == 0) return [];
        var outcomes = new TaskOutcome[stimuli.Count];
        var waits = new List<Task>();
        for (var start = 0; start < stimuli.Count; start += GroupCommit.MaxGroup)
        {
            var portion = new Portion(stimuli, start, Math.Min(GroupCommit.MaxGroup, stimuli.Count - start), outcomes);
            await _queue.Writer.WriteAsync(portion, ct);
            waits.Add(portion.Done.Task);
        }

        await Task.WhenAll(waits).WaitAsync(ct);
        return outcomes;
    }

    /// <summary>Handles one event.</summary>
    public async Task<TaskOutcome> RaiseAsync(TaskStimulus stimulus, CancellationToken ct) => (await RaiseAsync([stimulus], ct))[0];

    /// <summary>All that waits, up to about so many events; returns once there is something.</summary>
    public async Task<IReadOnlyList<Portion>> TakeAsync(int most, CancellationToken ct)
    {
        await _queue.Reader.WaitToReadAsync(ct);
        var taken = new List<Portion>();
        for (var events = 0; events < most && _queue.Reader.TryRead(out var portion); events += portion.Count) taken.Add(portion);
        return taken;
    }

    /// <summary>Events that came together, and are answered together.</summary>
    internal sealed class Portion(IReadOnlyList<TaskStimulus> stimuli, int start, int count, TaskOutcome[] outcomes)
    {
        public int Count => count;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskStimulus this[int index] => stimuli[start + index];

        public void Answer(int index, TaskOutcome outcome) => outcomes[start + index] = outcome;
    }
}
