using Microsoft.Extensions.Logging;
using Scitq.Agent.Staging;

namespace Scitq.Agent.Attempts;

/// <content>What a full disk does to an attempt, and an attempt to the disk.</content>
internal sealed partial class AttemptRunner
{
    /// <summary>
    /// A command that prints to a full disk sees an error and may not mind it. If the disk was full while it ran, a stream
    /// is whole only if its file still has room of its own.
    /// </summary>
    private void NoteDisk(Attempt attempt, Outcome outcome)
    {
        if (!runtimes.CommandsRun) return;
        room.Look();
        outcome.DiskWasFull = room.WasFullSince(outcome.Begun);
        outcome.OutputLost = outcome.Exit!.OutputLost;
        if (outcome.DiskWasFull && attempt.Spec.Image is null)
        {
            var streams = (string[])[.. FileBlocks.NeedsRoom(attempt.Directory.Stdout) ? ["stdout"] : Array.Empty<string>(), .. FileBlocks.NeedsRoom(attempt.Directory.Stderr) ? ["stderr"] : Array.Empty<string>()];
            if (streams.Length > 0) outcome.OutputLost = $"some of what the command printed to {string.Join(" and ", streams)} may be lost: the worker's disk was full while it ran";
        }

        if (outcome.OutputLost is { } lost) LostOutput(logger, attempt.Number, lost);
    }

    /// <summary>
    /// When the disk is short, removes what nobody wants any more before anything is recorded or delivered: in one process
    /// with the coordinator, its database waits for just this room.
    /// </summary>
    private void GiveRoom(Attempt attempt)
    {
        if (runtimes.CommandsRun && room.Look() < room.Reserve && attempt.Redelivers is null)
        {
            directories.Delete(attempt.Directory.Temp);
            directories.Delete(attempt.Directory.Input);
            if (attempt.Spec.Output is null) directories.Delete(attempt.Directory.Output);
        }

        attempt.RoomGiven = true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Task {Number}: {Lost}.")]
    private static partial void LostOutput(ILogger logger, long number, string lost);
}
