using Microsoft.Extensions.Logging;
using Scitq.Agent.Disk;
using Scitq.Agent.Runtimes;

namespace Scitq.Agent.Attempts;

/// <summary>What a full disk does to an attempt, and what an attempt gives back to a full disk.</summary>
internal sealed partial class DiskRelief(DiskRoom room, WorkDirectories directories, RuntimeSet runtimes, ILogger<DiskRelief> logger)
{
    /// <summary>Notes whether the disk is full.</summary>
    public void Look() => room.Look();

    /// <summary>
    /// A command that prints to a full disk sees an error and may not mind it. If the disk was full while it ran, a stream
    /// is whole only if its file still has room of its own.
    /// </summary>
    public void Note(Attempt attempt, Outcome outcome)
    {
        if (!runtimes.CommandsRun) return;
        room.Look();
        outcome.DiskWasFull = room.WasFullSince(outcome.Begun);
        outcome.OutputLost = outcome.Exit!.OutputLost;
        if (outcome.DiskWasFull && attempt.Spec.Image is null && Torn(attempt) is { Count: > 0 } streams)
            outcome.OutputLost = $"some of what the command printed to {string.Join(" and ", streams)} may be lost: the worker's disk was full while it ran";
        if (outcome.OutputLost is { } lost) Log.LostOutput(logger, attempt.Number, lost);
    }

    /// <summary>
    /// When the disk is short, removes what nobody wants any more before anything is recorded or delivered: in one process
    /// with the coordinator, its database waits for just this room.
    /// </summary>
    public void GiveRoom(Attempt attempt)
    {
        if (runtimes.CommandsRun && room.Look() < room.Reserve && attempt.Redelivers is null)
        {
            directories.Delete(attempt.Directory.Temp);
            directories.Delete(attempt.Directory.Input);
            if (attempt.Spec.Output is null) directories.Delete(attempt.Directory.Output);
        }

        attempt.RoomGiven = true;
    }

    private static List<string> Torn(Attempt attempt)
    {
        var torn = new List<string>();
        if (FileBlocks.NeedsRoom(attempt.Directory.Stdout)) torn.Add("stdout");
        if (FileBlocks.NeedsRoom(attempt.Directory.Stderr)) torn.Add("stderr");
        return torn;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Task {Number}: {Lost}.")]
        public static partial void LostOutput(ILogger logger, long number, string lost);
    }
}
