using Microsoft.Extensions.Logging;
using Scitq.Agent.Parts;
using Scitq.Agent.Runtimes;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>
/// Lets commands stand still and go on as their users want, whatever is lost on the way: the answer to each heartbeat repeats what is wanted, and the
/// heartbeats say what is so. What has not started is given back.
/// </summary>
internal sealed partial class AttemptPauses(
    AttemptTable table, ObservedTasks tasks, HeartbeatSignal heartbeat, TimeProvider time, ILogger<AttemptPauses> logger)
    : IMessageHandler<PauseAttempt>, ICoordinatorListener
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    public Task HandleAsync(PauseAttempt message)
    {
        Take(message);
        return Task.CompletedTask;
    }

    public void Answered(HeartbeatAnswered answer)
    {
        foreach (var word in answer.Pauses) Take(word);
    }

    /// <summary>The command runs from now on: does what was wanted before it did.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="run">Its command.</param>
    /// <param name="adopted">Whether an earlier agent process started it, and so may have been about to suspend it, or have done so.</param>
    public void Begin(Attempt attempt, IRun run, bool adopted)
    {
        // Its user may have said that it is to go on while it was not known yet whether it runs.
        if (attempt.Standstill.IsWanted || attempt.Standstill.IsThere) Follow(attempt, run, adopted);
    }

    private void Take(PauseAttempt word)
    {
        if (!table.TryGet(word.Key, out var attempt) || attempt.Redelivers is not null || !attempt.Standstill.Take(word)) return;
        if (word.Paused && attempt.Stop(StopCause.Released)) Log.GivenBack(logger, attempt.Number);
        else if (attempt.Run is { } run) Follow(attempt, run, again: false);
    }

    private void Follow(Attempt attempt, IRun run, bool again) =>
        tasks.Run($"the standstill of task {attempt.Number}", () => FollowAsync(attempt, run, again));

    private async Task FollowAsync(Attempt attempt, IRun run, bool again)
    {
        var repeats = new Repeats(time);
        while (true)
        {
            var before = attempt.Standstill.IsThere;
            try
            {
                await attempt.Standstill.FollowAsync(run, time, again);
                if (attempt.Standstill.IsThere == before) return;
                if (before) Log.GoesOn(logger, attempt.Number);
                else Log.StandsStill(logger, attempt.Number);
                heartbeat.BeatSoon();
                return;
            }
            catch (IOException e)
            {
                if (repeats.Says(e.Message)) Log.NotYet(logger, attempt.Number, e.Message);
            }

            await Task.WhenAny(run.Exit, Task.Delay(Again, time));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Task {Number} is paused before it has started; this agent gives it back.")]
        public static partial void GivenBack(ILogger logger, long number);

        [LoggerMessage(Level = LogLevel.Information, Message = "Task {Number} stands still.")]
        public static partial void StandsStill(ILogger logger, long number);

        [LoggerMessage(Level = LogLevel.Information, Message = "Task {Number} goes on.")]
        public static partial void GoesOn(ILogger logger, long number);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Task {Number} can't be suspended or resumed yet: {Problem}")]
        public static partial void NotYet(ILogger logger, long number, string problem);
    }
}
