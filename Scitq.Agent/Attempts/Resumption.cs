using Scitq.Agent.Parts;
using Scitq.Agent.Slots;

namespace Scitq.Agent.Attempts;

/// <summary>
/// Takes up what the journal names of an earlier process, which may have been killed at any point between the grant and the end. Whether the
/// command was started must be known before anything is decided; if it can't be known in time, it is ended as well as can be and reported lost.
/// </summary>
internal sealed class Resumption(
    HeldAttempts held, EarlierRuns earlier, AttemptLife life, AttemptDirectories directories, Capacity capacity, ObservedTasks tasks)
{
    /// <summary>Takes up all attempts; whatever they wait for, this returns at once.</summary>
    /// <param name="stop">Stops asking what became of commands; the next start goes on with it.</param>
    public void Begin(CancellationToken stop)
    {
        foreach (var attempt in held.All.OrderBy(a => a.Number)) Begin(attempt, stop);
    }

    private void Begin(Attempt attempt, CancellationToken stop)
    {
        if (attempt.End is { } end)
        {
            held.TellEnd(end);
            return;
        }

        capacity.Places.Seize();
        tasks.Run($"the resumed attempt of task {attempt.Number}", () => ResumeAsync(attempt, stop));
    }

    private async Task ResumeAsync(Attempt attempt, CancellationToken stop)
    {
        if (attempt.Redelivers is not null)
        {
            await life.RunAsync(attempt, adopted: null);
            return;
        }

        var found = await earlier.FindAsync(attempt, stop);
        if (stop.IsCancellationRequested) return;
        switch (found)
        {
            case EarlierRun.Started started:
                await life.RunAsync(attempt, started.Run);
                break;
            case EarlierRun.NotStarted:
                attempt.NotStarted();
                if (held.IsDraining || attempt.Standstill.IsWanted) attempt.Stop(StopCause.Released);
                // What it may have staged is not known to be whole.
                directories.DeleteStaged(attempt);
                await life.RunAsync(attempt, adopted: null);
                break;
            case EarlierRun.Unknown unknown:
                await GiveUpAsync(attempt, unknown.Problem, stop);
                break;
        }
    }

    private async Task GiveUpAsync(Attempt attempt, string problem, CancellationToken stop)
    {
        try
        {
            await earlier.AbandonAsync(attempt, problem, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }

        await life.LoseAsync(attempt, problem);
    }
}
