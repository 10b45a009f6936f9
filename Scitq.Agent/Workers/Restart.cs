using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Journal;
using Scitq.Agent.Machine;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Workers;

/// <summary>
/// Has the agent's program executed anew, once for each order. The journal holds the order from before to after, so that whichever start comes next tells the
/// outcome, and does not do it again.
/// </summary>
internal sealed partial class Restart(AttemptJournal journal, AgentProcess process, IHostApplicationLifetime host, ILogger<Restart> logger)
{
    /// <summary>The order for which this start was made, and its outcome; null when there is none.</summary>
    public (long Order, string Outcome)? Done => journal.Restarted == 0 ? null : (journal.Restarted, $"restarted, version {HostFigures.Version}");

    /// <summary>Begins it, and gives null; or says why it can't be.</summary>
    public async Task<string?> BeginAsync(long order)
    {
        if (process.Program is not { } program) return "this agent can't be restarted by itself";
        // A file that is being replaced, or is none for this machine, would be the end of the agent.
        if (await program.ProblemAsync(CancellationToken.None) is { } problem) return $"failed: {problem}";
        await journal.RestartingAsync(order);
        Log.Restarting(logger);
        process.Restarts = true;
        host.StopApplication();
        return null;
    }

    /// <summary>The coordinator knows the outcome.</summary>
    public Task ForgetAsync() => journal.RestartingAsync(0);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "This agent executes its program anew, as its user wanted; what runs goes on.")]
        public static partial void Restarting(ILogger logger);
    }
}
