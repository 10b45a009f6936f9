using Scitq.Agent.Runtimes;
using Scitq.Agent.Staging;

namespace Scitq.Agent.Attempts;

/// <summary>Fetches what a command reads, within its download timeout, and meanwhile finds out whether its output can be delivered.</summary>
internal sealed class InputFetch(Stager stager, OutputProbe outputs, RuntimeSet runtimes, AgentOptions options, TimeProvider time)
{
    public Task<Staged> FetchAsync(Attempt attempt, Action<string> phase, CancellationToken ct) =>
        runtimes.CommandsRun ? outputs.WhileAsync(attempt.Spec, c => InTimeAsync(attempt, phase, c), ct) : InTimeAsync(attempt, phase, ct);

    private async Task<Staged> InTimeAsync(Attempt attempt, Action<string> phase, CancellationToken ct)
    {
        var account = runtimes.AccountOf(attempt.Spec, options.Name);
        if (attempt.Spec.DownloadTimeout is not { } seconds) return await stager.FetchAsync(attempt.Spec, attempt.Directory, phase, ct, account);
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(seconds), time);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(ct, over.Token);
        try
        {
            return await stager.FetchAsync(attempt.Spec, attempt.Directory, phase, limited.Token, account);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new DownloadTimeoutException(seconds, [.. attempt.Spec.Inputs, .. attempt.Spec.Resources]);
        }
    }
}
