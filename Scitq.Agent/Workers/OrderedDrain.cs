using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Attempts;
using Scitq.Agent.Parts;
using Scitq.Agent.Slots;

namespace Scitq.Agent.Workers;

/// <summary>
/// Ends the agent, in order and with exit code 0, once its user has had it drained. Where it shares its process with others it stays, and takes nothing.
/// </summary>
internal sealed partial class OrderedDrain(
    AttemptTable attempts, SettingsInForce settings, Capacity capacity, Farewell farewell, AgentProcess process, IHostApplicationLifetime host,
    ILogger<OrderedDrain> logger)
    : IAgentPart
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    // A claim under way has a place, too.
    private bool IsEmpty => attempts.Count == 0 && capacity.Places.Taken == 0;

    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            while (!settings.IsDraining || !process.IsOwn) await settings.DrainWanted.WaitAsync(ct);
            // Said before the process ends: its user is told that it has drained, and the next start is to take tasks again.
            if (IsEmpty && await farewell.SayAsync())
            {
                Log.Drained(logger);
                host.StopApplication();
                await Task.Delay(Timeout.InfiniteTimeSpan, ct);
            }

            await attempts.Ended.WaitAsync(Look, ct);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "This worker has drained, as its user wanted, and leaves.")]
        public static partial void Drained(ILogger logger);
    }
}
