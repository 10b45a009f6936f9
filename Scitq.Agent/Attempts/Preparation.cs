using Scitq.Agent.Reports;

namespace Scitq.Agent.Attempts;

/// <summary>Makes all ready that a command needs: its directory, its inputs and resources, and that its secrets are to be had.</summary>
internal sealed class Preparation(AttemptDirectories directories, InputFetch inputs, Reporter reporter, AgentOptions options)
{
    /// <exception cref="Runtimes.StartException">The command can't be run here.</exception>
    /// <exception cref="Fetch.FetchException">What it needs can't be had.</exception>
    public async Task PrepareAsync(Attempt attempt, Outcome outcome)
    {
        var ct = attempt.Stopping;
        var owner = directories.Make(attempt);
        // Before anything is fetched for it, and again when it starts, for a secret may have been changed meanwhile.
        options.Secrets.Resolve(attempt.Spec.Secrets, options.Name);
        var staged = await inputs.FetchAsync(attempt, text => reporter.Phase(attempt.Key, text), ct);
        outcome.BytesIn = attempt.BytesFetched = staged.Bytes;
        outcome.Warnings.AddRange(staged.Warnings);
        if (attempt.Spec.Inputs.Count > 0) await Task.Run(() => AttemptDirectories.HandOver(attempt, owner), ct);
    }
}
