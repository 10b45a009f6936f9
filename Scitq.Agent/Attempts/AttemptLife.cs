using Scitq.Agent.Parts;
using Scitq.Agent.Runtimes;

namespace Scitq.Agent.Attempts;

/// <summary>An attempt from its beginning to its end, whichever way it came here.</summary>
internal sealed class AttemptLife(AttemptRunner runner, AttemptEnds ends, Leases leases, HeartbeatSignal heartbeat)
{
    /// <summary>Begins once the lease is valid: a grant older than that may be another's by now, and then a heartbeat that names it is not answered.</summary>
    public async Task BeginAsync(Attempt attempt)
    {
        if (leases.Left(attempt.Key) <= TimeSpan.Zero)
        {
            heartbeat.BeatSoon();
            try
            {
                await leases.WaitAsync(attempt.Key, attempt.Stopping);
            }
            catch (OperationCanceledException) when (attempt.Stopping.IsCancellationRequested)
            {
                // It was not to be.
            }
        }

        await RunAsync(attempt, adopted: null);
    }

    public async Task RunAsync(Attempt attempt, IRun? adopted) => await ends.EndAsync(attempt, await runner.RunAsync(attempt, adopted));

    /// <summary>Ends an attempt of which nobody can tell any more what became of it.</summary>
    public async Task LoseAsync(Attempt attempt, string problem) => await ends.EndAsync(attempt, await runner.LoseAsync(attempt, problem));
}
