using Scitq.Agent.Reports;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Slots;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>Starts a command in a slot, or takes up one that an earlier process of this agent started.</summary>
internal sealed class CommandStart(RuntimeSet runtimes, Capacity capacity, Masking masking, Reporter reporter, AgentOptions options)
{
    /// <summary>Waits for a slot and starts the command there. The slot is the caller's to release, once this has returned.</summary>
    /// <exception cref="StartException">The command can't be started.</exception>
    public async Task<IRun> StartAsync(Attempt attempt, Outcome outcome)
    {
        var ct = attempt.Stopping;
        if (capacity.Slots.Free == 0) reporter.Phase(attempt.Key, "ready, waits for a free slot");
        await capacity.Slots.TakeAsync(attempt.Turn, Timeout.InfiniteTimeSpan, ct);
        var started = false;
        try
        {
            if (!attempt.TryStart()) throw new OperationCanceledException(ct);
            var secrets = options.Secrets.Resolve(attempt.Spec.Secrets, options.Name);
            Masking.Apply(attempt, secrets, outcome);
            var request = RunRequests.Of(attempt, options, capacity.Slots.Limit, secrets);
            var run = await runtimes.For(attempt.Spec).StartAsync(request, text => reporter.Phase(attempt.Key, text), ct);
            started = true;
            attempt.Stage = AttemptStage.Running;
            TellOf(attempt, run);
            return run;
        }
        finally
        {
            if (!started) capacity.Slots.Release();
        }
    }

    /// <summary>The command runs already, and so has a slot, free or not; the slot is the caller's to release.</summary>
    public IRun TakeUp(Attempt attempt, IRun run, Outcome outcome)
    {
        masking.ApplyAgain(attempt, outcome);
        attempt.Adopted();
        capacity.Slots.Seize();
        // The agent before may have been killed before it could tell.
        TellOf(attempt, run);
        return run;
    }

    private void TellOf(Attempt attempt, IRun run) =>
        reporter.Post(new AttemptReport { Key = attempt.Key, Stage = AttemptStage.Running, Started = run.Started });
}
