using Microsoft.Extensions.Logging;
using Scitq.Agent.Journal;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Workers;

/// <summary>
/// Tells the administrator once when the journal can't be written, and once when it can again; ends the agent when nobody writes it any more.
/// </summary>
internal sealed partial class JournalWatch(AttemptJournal journal, AgentOptions options, TimeProvider time, ILogger<JournalWatch> logger) : IAgentPart
{
    private string? _told;

    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            Tell(journal.Problem);
            await Task.Delay(options.Heartbeat, time, ct);
            if (journal.Writing.IsFaulted) await journal.Writing;
        }
    }

    private void Tell(string? problem)
    {
        if (problem == _told) return;
        _told = problem;
        if (problem is null) Log.Mended(logger);
        else Log.Unwritable(logger, problem);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message =
            "The journal can't be written, so no task is taken: {Problem} Free space where --work-dir is; it is tried again by itself.")]
        public static partial void Unwritable(ILogger logger, string problem);

        [LoggerMessage(Level = LogLevel.Information, Message = "The journal can be written again.")]
        public static partial void Mended(ILogger logger);
    }
}
