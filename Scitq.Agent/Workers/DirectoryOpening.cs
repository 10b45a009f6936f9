using Microsoft.Extensions.Logging;
using Scitq.Agent.Attempts;
using Scitq.Agent.Disk;
using Scitq.Agent.Parts;
using Scitq.Agent.Staging;

namespace Scitq.Agent.Workers;

/// <summary>Makes ready the directories of this agent, whatever tasks have made of them. While they can't be, nothing is taken.</summary>
internal sealed partial class DirectoryOpening(
    AttemptTable attempts, WorkDirectories directories, AttemptDirectories own, ResourceCache resources, TimeProvider time,
    ILogger<DirectoryOpening> logger)
{
    private readonly Repeats _failing = new(time);
    private volatile string? _problem;

    /// <summary>Why the work directory can't be used, or null.</summary>
    public string? Problem => _problem;

    public void TryOpen()
    {
        try
        {
            directories.Clean(attempts.All.Select(a => a.Directory.Root));
            foreach (var attempt in attempts.All) own.Narrow(attempt);
            resources.Open();
            _problem = null;
            _failing.Over();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _problem = e.Message;
            if (_failing.Says(e.Message)) Log.Unusable(logger, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The work directory can't be used, so no task is taken: {Problem} It is tried again by itself.")]
        public static partial void Unusable(ILogger logger, string problem);
    }
}
