using Microsoft.Extensions.Logging;
using Scitq.Agent.Claims;
using Scitq.Agent.Parts;
using Scitq.Agent.Slots;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>Begins the attempts that are granted to this worker.</summary>
internal sealed partial class AttemptStarter(
    HeldAttempts held, Capacity capacity, AttemptLife life, ObservedTasks tasks, ILogger<AttemptStarter> logger) : IGrantTaker
{
    public bool Holds(AttemptKey key) => held.Holds(key);

    public bool HoldsAndTellsAgain(TaskQueued task) => held.HoldsAndTellsAgain(task);

    public void Begin(ClaimOutcome.Granted grant)
    {
        if (held.TryHold(grant.Attempt, grant.Sent) is not { } attempt)
        {
            capacity.Places.Release();
            return;
        }

        if (held.IsDraining) attempt.Stop(StopCause.Released);
        Begin(attempt);
    }

    public void BeginLate(ClaimOutcome.Granted grant)
    {
        if (held.TryHold(grant.Attempt, grant.Sent) is not { } attempt) return;
        // Its place was given back, and may be another's by now. A worker that did not hear for long may have been granted far too many.
        capacity.Places.Seize();
        if (held.IsDraining || capacity.Places.Taken > 2 * capacity.Places.Limit)
        {
            attempt.Stop(StopCause.Released);
            Log.GivenBack(logger, attempt.Number);
        }
        else
        {
            Log.TakenLate(logger, attempt.Number);
        }

        Begin(attempt);
    }

    private void Begin(Attempt attempt) => tasks.Run($"the attempt of task {attempt.Number}", () => life.BeginAsync(attempt));

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Task {Number} was granted late; this agent takes it.")]
        public static partial void TakenLate(ILogger logger, long number);

        [LoggerMessage(Level = LogLevel.Information, Message = "Task {Number} was granted late; this agent gives it back.")]
        public static partial void GivenBack(ILogger logger, long number);
    }
}
