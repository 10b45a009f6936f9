using Scitq.Agent.Runtimes;
using Scitq.Agent.Slots;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>A command from its start to its end: in its slot, followed by who reads its streams, and stopped when it must be.</summary>
internal sealed class CommandRun(CommandStart start, Capacity capacity, AttemptStreams streams, DiskRelief disk, RunWatch watch, TimeProvider time)
{
    /// <summary>Returns once the command has ended. Its slot is the next one's then, however long its output takes.</summary>
    public async Task RunAsync(Attempt attempt, IRun? adopted, Outcome outcome)
    {
        var run = adopted is null ? await start.StartAsync(attempt, outcome) : start.TakeUp(attempt, adopted, outcome);
        attempt.Run = run;
        outcome.Stage = AttemptStage.Running;
        outcome.Started = run.Started;
        disk.Look();
        try
        {
            streams.Follow(attempt, outcome);
            outcome.Exit = await watch.WaitAsync(attempt, run, outcome, adopted is not null);
            outcome.RunEnded = time.GetUtcNow().UtcDateTime;
            outcome.StoppedByUser = attempt.IsCancelled || attempt.Cause == StopCause.Evicted;
            disk.Note(attempt, outcome);
            disk.GiveRoom(attempt);
        }
        finally
        {
            attempt.Stage = AttemptStage.Uploading;
            capacity.Slots.Release();
        }
    }
}
