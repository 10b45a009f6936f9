using Microsoft.Extensions.Logging;
using Scitq.Agent.Journal;
using Scitq.Agent.Parts;
using Scitq.Agent.Slots;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>Begins attempts that only deliver what an earlier one has left. The coordinator repeats each until a heartbeat names it.</summary>
internal sealed partial class Redeliveries(
    HeldAttempts held, Capacity capacity, AttemptLife life, HeartbeatSignal heartbeat, ObservedTasks tasks, ILogger<Redeliveries> logger) : ICoordinatorListener
{
    public void Answered(HeartbeatAnswered answer)
    {
        foreach (var redelivery in answer.Redeliver) Begin(redelivery);
    }

    private void Begin(Redelivery wanted)
    {
        if (held.IsDraining) return;
        var journalled = new JournalledAttempt(wanted.Key, wanted.Number, wanted.Spec, Redelivers: new KeptOutput(wanted.Kept, wanted.ExitCode));
        // The lease is valid once a heartbeat that names it is answered: this may be an old message.
        if (held.TryHold(journalled, sent: null) is not { } attempt) return;
        capacity.Places.Seize();
        tasks.Run($"the redelivery of task {attempt.Number}", () => BeginAsync(attempt, journalled));
    }

    private async Task BeginAsync(Attempt attempt, JournalledAttempt journalled)
    {
        try
        {
            await held.JournalAsync(journalled);
        }
        catch (IOException e)
        {
            // Forgotten, it is told again with the answer to the next heartbeat.
            Log.NotJournalled(logger, attempt.Number, e.Message);
            held.Forget(attempt);
            capacity.Places.Release();
            return;
        }

        Log.Redelivering(logger, attempt.Number);
        heartbeat.BeatSoon();
        await life.RunAsync(attempt, adopted: null);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Delivering the output of task {Number} once more.")]
        public static partial void Redelivering(ILogger logger, long number);

        [LoggerMessage(Level = LogLevel.Error, Message =
            "The journal can't be written, so the output of task {Number} waits: {Problem} Free space where --work-dir is.")]
        public static partial void NotJournalled(ILogger logger, long number, string problem);
    }
}
