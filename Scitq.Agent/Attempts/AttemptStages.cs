using Scitq.Agent.Runtimes;

namespace Scitq.Agent.Attempts;

/// <summary>The stages of an attempt in their order: take an identical result, or prepare, run, judge, deliver, and collect what was printed.</summary>
internal sealed class AttemptStages(
    KeptDelivery redelivery, ResultReuse reuse, Preparation preparation, CommandRun command, Delivery delivery, AttemptStreams streams)
{
    public async Task RunAsync(Attempt attempt, IRun? adopted, Outcome outcome)
    {
        if (attempt.Redelivers is { } kept)
        {
            await redelivery.RunAsync(attempt, kept, outcome);
            return;
        }

        if (adopted is null)
        {
            if (await reuse.TryAsync(attempt, outcome)) return;
            await preparation.PrepareAsync(attempt, outcome);
            await reuse.ConfirmKeyAsync(attempt, outcome);
        }

        await command.RunAsync(attempt, adopted, outcome);
        Conclude(attempt, outcome);
        if (attempt.Cause is not (StopCause.Revoked or StopCause.Evicted) && !attempt.IsCancelled && attempt.Spec.Output is { } output)
            await delivery.DeliverAsync(attempt, output, outcome);
        if (outcome.Logs is not null) await streams.CollectAsync(attempt, outcome);
    }

    private static void Conclude(Attempt attempt, Outcome outcome)
    {
        var verdict = Judge.Of(new CommandEnd
        {
            Spec = attempt.Spec,
            Exit = outcome.Exit!,
            Took = outcome.RunEnded!.Value - outcome.Started!.Value,
            Cancelled = attempt.IsCancelled,
            TimedOut = outcome.TimedOut,
            OutOfRoom = attempt.OutOfRoom,
            DiskWasFull = outcome.DiskWasFull,
            OutputLost = outcome.OutputLost,
        });
        if (verdict is { Failure: { } failure, Reason: { } reason }) outcome.Fail(failure, reason);
        if (verdict.Note is { } note) AttemptStreams.Tell(attempt, note);
        outcome.Warnings.AddRange(verdict.Warnings);
    }
}
