using Microsoft.Extensions.Logging;
using Scitq.Agent.Attempts;
using Scitq.Agent.Parts;
using Scitq.Agent.Runtimes;

namespace Scitq.Agent.Workers;

/// <summary>
/// Removes the containers that belong to no attempt: one that was given up may have left its container on an engine that did not answer then.
/// </summary>
internal sealed partial class Strangers(
    RuntimeSet runtimes, AttemptTable attempts, AgentOptions options, TimeProvider time, ILogger<Strangers> logger) : IAgentPart
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    public async Task RunAsync(CancellationToken ct)
    {
        var repeats = new Repeats(time);
        for (var pause = Pause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            if (await runtimes.RemoveStrangersAsync(options.Name, () => attempts.All.Select(a => a.Key.Lease).ToHashSet(), ct) is not { } problem)
            {
                repeats.Over();
                pause = Pause;
            }
            else if (runtimes.DockerVersion is not null && repeats.Says(problem))
            {
                Log.Left(logger, problem);
            }

            await Task.Delay(pause, time, ct);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Containers of earlier tasks can't be removed yet: {Problem}")]
        public static partial void Left(ILogger logger, string problem);
    }
}
