using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Parts;
using Scitq.Agent.Slots;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>Ends attempts: journals and tells how each ended, and once that is recorded forgets it and clears up after it.</summary>
internal sealed partial class AttemptEnds(
    HeldAttempts held, AttemptTable table, AttemptDirectories directories, Capacity capacity, ObservedTasks tasks, ILogger<AttemptEnds> logger)
    : IMessageHandler<ReportsAnswered>
{
    /// <summary>The attempt has ended.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="report">Its last report; null when nothing may be said or left of it.</param>
    public async Task EndAsync(Attempt attempt, AttemptReport? report)
    {
        if (report is null)
        {
            await ReleaseRunAsync(attempt);
            if (attempt.Redelivers is not null) directories.KeepForOthers(attempt);
            held.Forget(attempt);
            if (attempt.Redelivers is null) directories.Delete(attempt);
        }
        else
        {
            held.Finish(attempt, report);
            await ReleaseRunAsync(attempt);
        }

        attempt.GivePlace(capacity.Places);
        table.Ended.Set();
    }

    public Task HandleAsync(ReportsAnswered message)
    {
        Recorded(message.Recorded);
        return Task.CompletedTask;
    }

    /// <summary>The coordinator has recorded these ends, or refuses them for ever: nothing more is said about them.</summary>
    public void Recorded(IReadOnlyList<AttemptKey> keys)
    {
        var done = new List<Attempt>();
        foreach (var key in keys)
        {
            if (!table.TryGet(key, out var attempt) || attempt.End is null) continue;
            // Before the journal forgets it: at a start what nobody knows is removed.
            directories.KeepIfUndelivered(attempt);
            if (held.Forget(attempt)) done.Add(attempt);
        }

        table.Ended.Set();
        if (done.Count > 0) tasks.Run("the clearing up after recorded attempts", () => done.ForEach(directories.Close));
    }

    [SuppressMessage("Design", "CA1031", Justification = "The attempt's end is known and kept; what is left of its run goes at the next start.")]
    private async Task ReleaseRunAsync(Attempt attempt)
    {
        if (attempt.Run is null) return;
        try
        {
            await attempt.Run.DisposeAsync();
        }
        catch (Exception e)
        {
            Log.NotRemoved(logger, attempt.Number, e.Message);
        }

        attempt.Run = null;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The process or container of task {Number} could not be removed after its end: {Problem}")]
        public static partial void NotRemoved(ILogger logger, long number, string problem);
    }
}
