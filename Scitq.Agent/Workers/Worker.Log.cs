using Microsoft.Extensions.Logging;
using Scitq.Agent.Attempts;

namespace Scitq.Agent.Workers;

/// <content>What the agent tells its administrator.</content>
internal sealed partial class Worker
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {Name} is registered and serves batch {Batch}; {Count} attempts from before.")]
    private static partial void Registered(ILogger logger, string name, string batch, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Transfer: {Notice}")]
    private static partial void Transferring(ILogger logger, string notice);

    [LoggerMessage(Level = LogLevel.Error, Message = "The coordinator refuses this agent: {Refusal}")]
    private static partial void Refused(ILogger logger, string refusal);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The agent can't go on. Its tasks run on; start it again and it takes them up.")]
    private static partial void Died(ILogger logger, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "It can't be told whether task {Number} still runs: {Problem} Asking again.")]
    private static partial void NotAdopted(ILogger logger, long number, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Something of task {Number} could not be removed: {Problem}")]
    private static partial void NotRemoved(ILogger logger, long number, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What nobody uses could not be removed: {Problem}")]
    private static partial void NotTidied(ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stopping task {Number}: {Cause}.")]
    private static partial void Stopping(ILogger logger, long number, StopCause cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "Settings: batch {Batch}, concurrency {Concurrency}, prefetch {Prefetch}, paused {Paused}.")]
    private static partial void Configured(ILogger logger, string batch, int concurrency, int prefetch, bool paused);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The coordinator could not be told that this agent leaves: {Problem}")]
    private static partial void NotLeft(ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Containers of this restricted worker can leave set-uid programs of root in {Directory}: mount its file system with nosuid,nodev")]
    private static partial void SharedDataSuid(ILogger logger, string directory);
}
