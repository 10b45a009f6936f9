using Microsoft.Extensions.Logging;
using Scitq.Agent.Disk;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Workers;

/// <summary>Removes what is kept on the disk when its time has come. Removing much takes a while, which no heartbeat may wait for.</summary>
internal sealed partial class Tidying(
    DirectoryOpening opening, WorkDirectories directories, DiskRoom room, AgentOptions options, TimeProvider time, ILogger<Tidying> logger) : IAgentPart
{
    private readonly Repeats _failing = new(time);

    public Task RunAsync(CancellationToken ct) => Task.Run(() => TidyAsync(ct), ct);

    private async Task TidyAsync(CancellationToken ct)
    {
        while (true)
        {
            try
            {
                if (opening.Problem is not null) opening.TryOpen();
                directories.Tidy(ct);
                room.Tidy();
                _failing.Over();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody else cleans up at the same time.
                if (_failing.Says(e.Message)) Log.NotTidied(logger, e.Message);
            }

            await Task.Delay(options.Heartbeat, time, ct);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Files and directories that nobody uses any more could not be removed: {Problem}")]
        public static partial void NotTidied(ILogger logger, string problem);
    }
}
