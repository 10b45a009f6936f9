using Microsoft.Extensions.Logging;
using Scitq.Agent.Parts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>Stops attempts that are no longer this worker's, and those that their users cancel.</summary>
internal sealed partial class AttemptStops(AttemptTable table, AttemptEnds ends, ObservedTasks tasks, ILogger<AttemptStops> logger)
    : IMessageHandler<StopAttempt>, ICoordinatorListener
{
    public Task HandleAsync(StopAttempt message)
    {
        Stop(message.Key, message.Kill ? StopCause.Killed : StopCause.Cancelled, message.Reason);
        return Task.CompletedTask;
    }

    public void Registered(WorkerRegistered answer)
    {
        foreach (var key in answer.Revoked) Stop(key, StopCause.Revoked);
    }

    public void Answered(HeartbeatAnswered answer)
    {
        foreach (var key in answer.Revoked) Stop(key, StopCause.Revoked);
        foreach (var key in answer.Killed) Stop(key, StopCause.Killed);
        foreach (var key in answer.Cancelled) Stop(key, StopCause.Cancelled);
    }

    private void Stop(AttemptKey key, StopCause cause, string? reason = null)
    {
        if (!table.TryGet(key, out var attempt)) return;
        // An end that is refused will never count: that is as good as recorded.
        if (attempt.End is not null && cause == StopCause.Revoked) ends.Recorded([key]);
        else if (attempt.Stop(cause, reason)) Stopping(attempt, cause);
    }

    private void Stopping(Attempt attempt, StopCause cause)
    {
        Log.Stopping(logger, attempt.Number, cause);
        // One that was being stopped already hears of a cause only once.
        if (cause >= StopCause.Killed && attempt.Run is { } run) tasks.Run($"the stopping of task {attempt.Number}", () => run.StopAsync(TimeSpan.Zero));
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Stopping task {Number}: {Cause}.")]
        public static partial void Stopping(ILogger logger, long number, StopCause cause);
    }
}
